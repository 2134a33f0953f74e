#include "sandbox/warden/admission.h"

#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

#include "sandbox/warden/file_at.h"
#include "sandbox/warden/namespaces.h"

namespace wick::sandbox::warden {
namespace {

constexpr int kSeccompStop = SIGTRAP | (PTRACE_EVENT_SECCOMP << 8);
constexpr std::uint64_t kBelowStack = 512;  // beyond the red zone

std::unexpected<Error> refuse(std::string_view why) { return fail(Errc::denied, fmt::format("a fork is not admitted: {}", why)); }

Result<int> next_stop(pid_t process) {
  int status = 0;
  while (waitpid(process, &status, __WALL) < 0) {
    if (errno != EINTR) return fail_errno("wait for a fork");
  }
  if (!WIFSTOPPED(status)) return refuse("it is gone");
  return status >> 8;
}

#ifdef __x86_64__

// One process that stands behind a system call instruction.
class Stepper {
 public:
  explicit Stepper(pid_t process) : process_(process) {}

  // Stands in the seccomp stop of setns: steps over the call, which is not made. Returns what its argument points to.
  Result<std::array<int, 8>> begin() {
    WICK_TRY(const int stop, next_stop(process_));
    if (stop != kSeccompStop) return refuse("it did something else");
    if (ptrace(PTRACE_GETREGS, process_, nullptr, &home_) != 0) return fail_errno("read registers");
    if (home_.orig_rax != SYS_setns) return refuse("it called something else");
    std::array<int, 8> numbers{};
    for (std::size_t i = 0; i < numbers.size(); i += 2) {
      errno = 0;
      const long word = ptrace(PTRACE_PEEKDATA, process_, home_.rdi + sizeof(int) * i, nullptr);
      if (errno != 0) return fail_errno("read from a fork");
      std::memcpy(&numbers[i], &word, sizeof(word));
    }
    home_.orig_rax = ~0ULL;
    home_.rax = 0;
    WICK_CHECK(set(home_));
    WICK_CHECK(step());
    return numbers;
  }

  // The result of one call. The instruction is the one just executed; were it another by now, this is still a single step.
  Result<long> call(long number, std::uint64_t first, std::uint64_t second, std::uint64_t third = 0) {
    user_regs_struct registers = home_;
    registers.rip -= 2;
    registers.rax = static_cast<std::uint64_t>(number);
    registers.orig_rax = ~0ULL;
    registers.rdi = first;
    registers.rsi = second;
    registers.rdx = third;
    WICK_CHECK(set(registers));
    WICK_CHECK(step());
    if (ptrace(PTRACE_GETREGS, process_, nullptr, &registers) != 0) return fail_errno("read registers");
    if (registers.rip != home_.rip) return refuse("its code has changed");
    return static_cast<long>(registers.rax);
  }

  // Also by what the process's memory holds meanwhile the sets might not become empty: that is looked at afterwards.
  Result<> drop_capabilities() {
    const std::uint64_t header = home_.rsp - kBelowStack;
    const std::uint64_t words[] = {_LINUX_CAPABILITY_VERSION_3, 0, 0, 0};
    for (std::size_t i = 0; i < std::size(words); ++i) {
      if (ptrace(PTRACE_POKEDATA, process_, header + 8 * i, words[i]) != 0) return fail_errno("write to a fork");
    }
    WICK_TRY(const long result, call(SYS_capset, header, header + 8));
    if (result != 0) return refuse("it keeps its capabilities");
    return {};
  }

  Result<> finish() {
    WICK_CHECK(set(home_));
    if (ptrace(PTRACE_DETACH, process_, nullptr, 0) != 0) return fail_errno("let a fork go on");
    return {};
  }

 private:
  Result<> set(const user_regs_struct& registers) {
    if (ptrace(PTRACE_SETREGS, process_, nullptr, &registers) != 0) return fail_errno("set registers");
    return {};
  }
  // One instruction. A call that the filter reports stops once on its way.
  Result<> step() {
    for (int stop = kSeccompStop; stop == kSeccompStop;) {
      if (ptrace(PTRACE_SINGLESTEP, process_, nullptr, 0) != 0) return fail_errno("step");
      WICK_TRY(stop, next_stop(process_));
      if (stop != kSeccompStop && stop != SIGTRAP) return refuse("it got a signal");
    }
    return {};
  }

  pid_t process_;
  user_regs_struct home_{};  // behind the call of setns, as it is to return
};

#endif

constexpr std::array<int, 7> kTypes{CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP};

Result<> check_capabilities(int proc, pid_t process) {
  WICK_TRY(const std::string status, read_at(proc, fmt::format("{}/status", process)));
  // The bounding set stays full: with no_new_privs nothing is gained from it.
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
    if (status.find(fmt::format("{}:\t0000000000000000\n", set)) == std::string::npos) return refuse("it has capabilities");
  }
  for (const char* line : {"\nNoNewPrivs:\t1\n", "\nSeccomp:\t2\n", "\nThreads:\t1\n"}) {
    if (status.find(line) == std::string::npos) return refuse("it is not bound");
  }
  return {};
}

Result<> check_namespaces(int proc, pid_t process, const Namespaces& namespaces) {
  for (std::size_t i = 0; i < namespaces.size(); ++i) {
    // The process's own pid namespace stays; the one for its children counts.
    const char* name = kTypes[i] == CLONE_NEWPID ? "pid_for_children" : kJoinedNamespaces[i];
    // The last one for children shows only once it has a first process, as an instance's has.
    WICK_TRY(const bool is_there, is_in_namespace(proc, process, name, namespaces[i]));
    if (!is_there) return refuse("it is elsewhere");
  }
  return {};
}

Result<> check_cgroups(int proc, pid_t process, std::string_view wanted) {
  WICK_TRY(const std::string cgroups, read_at(proc, fmt::format("{}/cgroup", process)));
  if (cgroups != wanted) return refuse("it is in other control groups");
  return {};
}

}  // namespace

Result<Admission> Admission::seize(pid_t process) {
  // On one processor a stop is a switch, not a wake-up of another: a third of the time. Both sets come back in admit().
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(static_cast<std::size_t>(sched_getcpu()), &here);
  Admission admission(process);
  if (sched_getaffinity(process, sizeof(admission.processors_), &admission.processors_) == 0 &&
      sched_getaffinity(0, sizeof(admission.own_), &admission.own_) == 0) {
    (void)sched_setaffinity(0, sizeof(here), &here);
    (void)sched_setaffinity(process, sizeof(here), &here);
  }
  if (ptrace(PTRACE_SEIZE, process, nullptr, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL) != 0) return fail_errno("trace a fork");
  return admission;
}

Result<> Admission::admit(const Namespaces& namespaces, std::string_view cgroups, int proc) {
#ifdef __x86_64__
  const auto steps = [&]() -> Result<> {
    Stepper stepper(process_);
    WICK_TRY(const auto theirs, stepper.begin());
    for (std::size_t i = 0; i < kTypes.size(); ++i) {
      WICK_TRY(const long result, stepper.call(SYS_setns, static_cast<std::uint64_t>(theirs[i]), static_cast<std::uint64_t>(kTypes[i])));
      if (result != 0) return refuse("it cannot join a namespace");
    }
    // A signal to its process group, which is the template's so far, would reach the template and every other fork.
    WICK_CHECK(stepper.call(SYS_setsid, 0, 0));
    if (getpgid(process_) != process_ || getsid(process_) != process_) return refuse("it has no session of its own");
    WICK_CHECK(stepper.drop_capabilities());
    WICK_CHECK(check_capabilities(proc, process_));
    WICK_CHECK(check_cgroups(proc, process_, cgroups));
    WICK_CHECK(check_namespaces(proc, process_, namespaces));
    (void)sched_setaffinity(process_, sizeof(processors_), &processors_);
    return stepper.finish();
  };
  auto admitted = steps();
  (void)sched_setaffinity(0, sizeof(own_), &own_);
  if (!admitted) (void)kill(process_, SIGKILL);
  return admitted;
#else
  (void)namespaces;
  (void)cgroups;
  (void)proc;
  (void)kill(process_, SIGKILL);
  return refuse("this machine's registers are not known");
#endif
}

}  // namespace wick::sandbox::warden
