#include "sandbox/warden/seccomp.h"

#include <asm/termbits.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/memfd.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include <asm/ioctls.h>

#include "base/fd.h"
#include "sandbox/warden/syscalls.h"

namespace wick::sandbox::warden {
namespace {

using Context = std::unique_ptr<void, decltype([](void* context) { seccomp_release(context); })>;

constexpr std::uint64_t kLow32 = 0xffffffff;  // the kernel reads int arguments as 32 bits, whatever is above
constexpr std::uint64_t kSocketType = 0xf;    // beside it are SOCK_CLOEXEC and SOCK_NONBLOCK
constexpr std::uint64_t kFirstProcess = 1;
constexpr std::uint64_t kIoprioProcess = 1;  // IOPRIO_WHO_PROCESS, which no header has
constexpr std::uint64_t kNamespaceFlags = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

// On files, pipes and sockets; no terminal ever reaches a sandbox, so TIOCSTI and the like have no use.
constexpr std::uint64_t kIoctls[] = {TCGETS,     TIOCGWINSZ,   TIOCGPGRP,     FIONREAD,       FIONBIO,      FIOCLEX,
                                     FIONCLEX,   FIOASYNC,     SIOCGIFCONF,   SIOCGIFNAME,    SIOCGIFFLAGS, SIOCGIFADDR,
                                     SIOCGIFMTU, SIOCGIFINDEX, SIOCGIFHWADDR, SIOCGIFNETMASK, SIOCATMARK,   FICLONE};

class Rules {
 public:
  explicit Rules(scmp_filter_ctx context) : context_(context) {}

  // Calls that this machine's table lacks are passed over: the list is for all.
  template <class... Compare>
  void allow(const char* name, Compare... compare) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number >= 0) note(seccomp_rule_add(context_, SCMP_ACT_ALLOW, number, sizeof...(compare), compare...));
  }
  template <class... Compare>
  void refuse(const char* name, Compare... compare) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number >= 0) note(seccomp_rule_add(context_, SCMP_ACT_ERRNO(EPERM), number, sizeof...(compare), compare...));
  }
  // Says that it is done, and does nothing.
  template <class... Compare>
  void pretend(const char* name, Compare... compare) {
    note(seccomp_rule_add(context_, SCMP_ACT_ERRNO(0), seccomp_syscall_resolve_name(name), sizeof...(compare), compare...));
  }
  void trace(const char* name) { note(seccomp_rule_add(context_, SCMP_ACT_TRACE(0), seccomp_syscall_resolve_name(name), 0)); }
  void note(int result) {
    if (result != 0 && result_ == 0) result_ = result;
  }
  int result() const { return result_; }

 private:
  scmp_filter_ctx context_;
  int result_ = 0;
};

scmp_arg_cmp equals(unsigned argument, std::uint64_t value, std::uint64_t mask = kLow32) {
  return scmp_arg_cmp{.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

// Plain TCP, UDP and Unix sockets, and the route socket that getifaddrs(3) reads interfaces from. Raw, packet, vsock, AF_ALG and
// every other family or protocol, many of which load a kernel module when first asked for, are not there.
void allow_sockets(Rules& rules) {
  for (const int domain : {AF_INET, AF_INET6}) {
    for (const int protocol : {0, static_cast<int>(IPPROTO_TCP)}) {
      rules.allow("socket", equals(0, static_cast<std::uint64_t>(domain)), equals(1, SOCK_STREAM, kSocketType),
                  equals(2, static_cast<std::uint64_t>(protocol)));
    }
    for (const int protocol : {0, static_cast<int>(IPPROTO_UDP)}) {
      rules.allow("socket", equals(0, static_cast<std::uint64_t>(domain)), equals(1, SOCK_DGRAM, kSocketType),
                  equals(2, static_cast<std::uint64_t>(protocol)));
    }
  }
  rules.allow("socket", equals(0, AF_UNIX), equals(2, 0));
  rules.allow("socketpair", equals(0, AF_UNIX), equals(2, 0));
  rules.allow("socket", equals(0, AF_NETLINK), equals(2, NETLINK_ROUTE));
}

void allow_calls(Rules& rules) {
  for (const char* name : kAllowedSyscalls) rules.allow(name);
  rules.allow("clone", equals(0, 0, kNamespaceFlags));
  allow_sockets(rules);
  for (const std::uint64_t request : kIoctls) rules.allow("ioctl", equals(1, request));
  rules.allow("personality", equals(0, 0));
  rules.allow("personality", equals(0, kLow32));  // only asks
}

// Whoever is not traced gets ENOSYS for setns too.
void allow_calls_of_templates(Rules& rules) {
  allow_calls(rules);
  rules.trace("setns");
}

// The first process of an instance is its user's as well, and must not be held back: it has work to do at the end.
void refuse_to_touch_the_first_process(Rules& rules) {
  for (const char* name : {"sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler", "prlimit64"})
    rules.refuse(name, equals(0, kFirstProcess));
  rules.refuse("setpriority", equals(0, PRIO_PROCESS), equals(1, kFirstProcess));
  rules.refuse("setpriority", equals(0, PRIO_PGRP));
  rules.refuse("setpriority", equals(0, PRIO_USER));
  rules.refuse("ioprio_set", equals(0, kIoprioProcess), equals(1, kFirstProcess));
  rules.refuse("ioprio_set", equals(0, kIoprioProcess + 1));  // a process group
  rules.refuse("ioprio_set", equals(0, kIoprioProcess + 2));  // a user
}

// Huge pages are the whole machine's, and counted apart from memory. Its limit is what keeps a core dump from the host's handler
// (core(5)). A scheduling cookie (PR_SCHED_CORE) would idle the neighbours' half of a core. Whoever closes the last descriptor of a socket
// that lingers waits for its peer: that can be the daemon or the warden, with a descriptor that was passed to them (unix(7)).
void refuse_arguments(Rules& rules) {
  refuse_to_touch_the_first_process(rules);
  rules.refuse("mmap", equals(3, MAP_HUGETLB, MAP_HUGETLB));
  rules.refuse("memfd_create", equals(1, MFD_HUGETLB, MFD_HUGETLB));
  rules.refuse("shmget", equals(2, SHM_HUGETLB, SHM_HUGETLB));
  rules.refuse("setrlimit", equals(0, RLIMIT_CORE));
  rules.refuse("prlimit64", equals(1, RLIMIT_CORE), scmp_arg_cmp{.arg = 2, .op = SCMP_CMP_NE, .datum_a = 0, .datum_b = 0});
  rules.refuse("prctl", equals(0, PR_SCHED_CORE));
  rules.pretend("setsockopt", equals(1, SOL_SOCKET), equals(2, SO_LINGER));
}

std::unexpected<Error> fail_seccomp(int result) {
  errno = -result;
  return fail_errno("compile the system call filter");
}

Result<std::vector<sock_filter>> compile(std::uint32_t otherwise, void (*add)(Rules&)) {
  const Context context(seccomp_init(otherwise));
  if (!context) return fail(Errc::io, "libseccomp cannot start a filter");
  Rules rules(context.get());
  rules.note(seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
  rules.note(seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2));  // a binary tree: few steps for each call
  add(rules);
  if (rules.result() != 0) return fail_seccomp(rules.result());

  const UniqueFd file(memfd_create("filter", MFD_CLOEXEC));
  if (!file) return fail_errno("make a memory file");
  if (const int result = seccomp_export_bpf(context.get(), file.get()); result != 0) return fail_seccomp(result);
  std::vector<sock_filter> program(static_cast<std::size_t>(lseek(file.get(), 0, SEEK_END)) / sizeof(sock_filter));
  const std::size_t size = program.size() * sizeof(sock_filter);
  if (pread(file.get(), program.data(), size, 0) != static_cast<ssize_t>(size)) return fail_errno("read the filter");
  return program;
}

Result<> load(std::vector<sock_filter>& filter) {
  const sock_fprog program{.len = static_cast<unsigned short>(filter.size()), .filter = filter.data()};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) return fail_errno("load the system call filter");
  return {};
}

}  // namespace

Result<SyscallFilter> compile_syscall_filter(FilterFor whom) {
  SyscallFilter filter;
  WICK_TRY(filter.calls, compile(SCMP_ACT_ERRNO(ENOSYS), whom == FilterFor::templates ? allow_calls_of_templates : allow_calls));
  WICK_TRY(filter.arguments, compile(SCMP_ACT_ALLOW, refuse_arguments));
  return filter;
}

// The first to be loaded has to let seccomp(2) through for the second.
Result<> load_syscall_filter(SyscallFilter& filter) {
  WICK_CHECK(load(filter.arguments));
  return load(filter.calls);
}

}  // namespace wick::sandbox::warden
