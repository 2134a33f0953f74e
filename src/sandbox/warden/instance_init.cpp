#include "sandbox/warden/instance_init.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <set>

#include <fmt/format.h>

#include "sandbox/warden/entry.h"
#include "sandbox/warden/file_at.h"
#include "sandbox/warden/identity.h"
#include "sandbox/warden/instance_root.h"
#include "sandbox/warden/message.h"
#include "sandbox/warden/offspring.h"
#include "sandbox/warden/packet.h"

namespace wick::sandbox::warden {
namespace {

constexpr const char* kOomScore = "500";  // the kernel takes an instance long before the daemon when the whole machine is short
constexpr int kChannel = 3;
constexpr int kOutsideMaxMillis = 5000;

void tell(int socket, NewsType type, std::string_view body = {}) {
  std::string packet(1, static_cast<char>(type));
  packet.append(body.substr(0, kNewsMax - 1));
  (void)send_packet(socket, packet, {}, Wait::no);
}

// All that does not depend on what is to be run. Afterwards none of the other instances' descriptors are held here, which would
// keep alive what the warden and the daemon close.
Result<> prepare(const InitPlan& plan) {
  if (setsid() < 0) return fail_errno("make a session");
  signal(SIGCHLD, SIG_DFL);  // the warden has it ignored
  WICK_CHECK(die_with(plan.host.warden));
  if (plan.cgroup != nullptr) WICK_CHECK(plan.cgroup->enter());
  if (unshare(CLONE_NEWCGROUP) != 0) return fail_errno("make a cgroup namespace");
  WICK_CHECK(Networks::enter(plan.network));
  if (sethostname(kHostName, strlen(kHostName)) != 0) return fail_errno("set the host name");
  close_all_but({plan.socket, plan.host.warden.get()}, STDERR_FILENO + 1);
  return {};
}

// Waits until the warden has had the network connected.
Result<> reach_outside(int socket) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return fail_errno("make a pipe");
  const UniqueFd ours(fds[0]);
  UniqueFd theirs(fds[1]);
  const std::array<int, 1> sent{theirs.get()};
  WICK_CHECK(send_packet(socket, std::string(1, static_cast<char>(NewsType::outside)), sent, Wait::no));
  theirs.reset();
  char byte = 0;
  if (!wait_readable(ours.get(), kOutsideMaxMillis) || read(ours.get(), &byte, 1) != 1)
    return fail(Errc::failed_precondition, "the outside network cannot be connected here");
  return {};
}

Result<> isolate(const InitPlan& plan, const Boot& boot, const Entry& entry) {
  WICK_TRY(const UniqueFd proc_self, open_folder("/host/proc/self"));
  WICK_CHECK(enter_instance_root({.package = package_folder(boot.package),
                                  .layers = layers_folder(boot.layers),
                                  .runtime = entry.runtime_folder.empty() ? "" : "share/" + entry.runtime_folder,
                                  .language = entry.language_folder,
                                  .tmp_bytes = boot.limits.tmp_bytes,
                                  .owner = plan.user,
                                  .name_server = boot.network == Network::outside}));

  // Its own entries of /proc belong to root while a process is not dumpable, and rootless there is none.
  if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return fail_errno("make dumpable");
  WICK_CHECK(write_at(proc_self.get(), "oom_score_adj", kOomScore));
  WICK_CHECK(become_nobody(proc_self.get(), plan.host.own_users, plan.user));
  WICK_CHECK(limit_resources(boot.limits, plan.cgroup != nullptr, boot.is_template));
  SyscallFilter filter = boot.is_template ? plan.host.template_filter : plan.host.filter;
  WICK_CHECK(load_syscall_filter(filter));
  WICK_CHECK(die_with(plan.host.warden));
  if (chdir("/var/task") != 0) return fail_errno("enter /var/task");
  return {};
}

// Descriptors and signals of the new process; all that remains of it is the result of the exec.
class Spawn {
 public:
  Spawn() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~Spawn() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;

  // Any of channel and control may be -1.
  void place_descriptors(int log, int channel, int control) {
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, log, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, log, STDERR_FILENO);
    int next = kChannel;
    for (const int fd : {channel, control}) {
      if (fd >= 0) posix_spawn_file_actions_adddup2(&actions_, fd, next++);
    }
    posix_spawn_file_actions_addclosefrom_np(&actions_, next);
  }
  void reset_signals() {
    sigset_t all;
    sigset_t none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
  }
  Result<pid_t> run(char* const* arguments, char* const* environment) {
    pid_t pid = -1;
    const int error = posix_spawn(&pid, arguments[0], &actions_, &attributes_, arguments, environment);
    if (error == 0) return pid;
    errno = error;
    auto failure = fail_errno("fork/exec", arguments[0]);  // AWS's words
    failure.error().code = Errc::failed_precondition;
    return failure;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

Result<pid_t> start_runtime(const Boot& boot, const Entry& entry, const std::vector<UniqueFd>& descriptors) {
  const bool managed = !entry.arguments.empty();
  std::vector<std::string> arguments;
  if (managed) {
    arguments = wrapped(entry.arguments, boot.environment);
  } else {
    WICK_TRY(std::string bootstrap, find_bootstrap());
    arguments.push_back(std::move(bootstrap));
  }
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::vector<char*> environment;
  environment.reserve(boot.environment.size() + 1);
  for (const std::string_view variable : boot.environment) environment.push_back(const_cast<char*>(variable.data()));
  environment.push_back(nullptr);

  Spawn spawn;
  spawn.place_descriptors(descriptors[0].get(), managed || boot.is_template ? descriptors[1].get() : -1,
                          boot.is_template ? descriptors[2].get() : -1);
  spawn.reset_signals();
  return spawn.run(argv.data(), environment.data());
}

// Waits for the order and carries it out. The packet holds secrets of the function; it is wiped before this returns.
struct Started {
  pid_t runtime = -1;
  bool is_template = false;
};

Result<Started> obey(const InitPlan& plan) {
  std::vector<char> packet(kPacketMax);
  std::vector<UniqueFd> descriptors;
  WICK_TRY(const std::size_t size, receive_packet(plan.socket, packet, &descriptors, Wait::yes));
  if (size == 0) _exit(0);  // never needed
  WICK_TRY(const Request request, decode_request({packet.data(), size}));
  const auto* boot = std::get_if<Boot>(&request);
  if (boot == nullptr || descriptors.size() != (boot->is_template ? 3 : 2)) return fail(Errc::internal, "not an order");
  // Above the numbers that they come to in the new process.
  for (UniqueFd& fd : descriptors) {
    if (fd.get() <= kChannel + 1) fd.reset(fcntl(fd.get(), F_DUPFD_CLOEXEC, kChannel + 2));
  }

  WICK_TRY(const UniqueFd data, open_folder("/host/data"));
  WICK_TRY(const Entry entry, find_entry(*boot, plan.host.options, data.get()));
  if (boot->network == Network::outside) WICK_CHECK(reach_outside(plan.socket));
  WICK_CHECK(isolate(plan, *boot, entry));
  auto runtime = start_runtime(*boot, entry, descriptors);
  const bool is_template = boot->is_template;
  explicit_bzero(packet.data(), packet.size());
  if (!runtime) return std::unexpected(std::move(runtime).error());
  return Started{.runtime = *runtime, .is_template = is_template};
}

// Its news must not get lost, and the warden always reads.
template <class... T>
void tell_numbers(int socket, NewsType type, T... numbers) {
  std::string packet(1, static_cast<char>(type));
  (packet.append(reinterpret_cast<const char*>(&numbers), sizeof(numbers)), ...);
  (void)send_packet(socket, packet, {}, Wait::yes);
}

// A template's forks are children of this process, and in a pid namespace below its own: it stays until the last one has gone.
[[noreturn]] void reap_until_end_of(const Started& started, int socket) {
  while (true) {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, 0);
    if (pid < 0 && errno == EINTR) continue;
    if (pid == started.runtime) tell_numbers(socket, NewsType::ended, status);
    if (pid < 0 || (pid == started.runtime && !started.is_template)) _exit(0);
    if (pid != started.runtime && started.is_template) tell_numbers(socket, NewsType::child_ended, pid, status);
  }
}

[[noreturn]] void fail_instance(int socket, const Error& error) {
  tell(socket, NewsType::failed, static_cast<char>(error.code) + error.message);
  _exit(1);
}

}  // namespace

void run_init(const InitPlan& plan) {
  if (auto prepared = prepare(plan); !prepared) fail_instance(plan.socket, prepared.error());
  const auto started = obey(plan);
  if (!started) fail_instance(plan.socket, started.error());
  tell(plan.socket, NewsType::started);
  close_all_but({plan.socket}, STDIN_FILENO);
  reap_until_end_of(*started, plan.socket);
}

}  // namespace wick::sandbox::warden
