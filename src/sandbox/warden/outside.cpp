#include "sandbox/warden/outside.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sandbox/warden/capabilities.h"
#include "sandbox/warden/packet.h"

namespace wick::sandbox::warden {
namespace {

constexpr const char* kProgram = "/usr/bin/slirp4netns";
constexpr const char* kTunnelDevice = "/dev/net/tun";
constexpr int kPriority = 5;  // behind the daemon and the warden
constexpr int kFirst = 10;    // the descriptors' numbers in the new process: network, ready, lifeline's other end, user namespace

std::string what_is_missing() {
  if (access(kProgram, X_OK) != 0) return "no outside network for functions: slirp4netns is not installed";
  if (access(kTunnelDevice, R_OK | W_OK) != 0) return fmt::format("no outside network for functions: {} cannot be used", kTunnelDevice);
  return {};
}

// What a slirp4netns may use for its instance: it is outside the instance's own limits. Connections are descriptors.
void limit(pid_t process) {
  const std::pair<__rlimit_resource, rlim_t> limits[] = {
      {RLIMIT_NOFILE, 1024}, {RLIMIT_DATA, 128 * 1024 * 1024}, {RLIMIT_FSIZE, 0}, {RLIMIT_CORE, 1}};
  for (const auto& [resource, most] : limits) {
    const rlimit wanted{.rlim_cur = most, .rlim_max = most};
    (void)prlimit(process, resource, &wanted, nullptr);
  }
}

void spawn(const std::vector<UniqueFd>& descriptors) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);  // it reports each step
  for (std::size_t i = 0; i < descriptors.size(); ++i) posix_spawn_file_actions_adddup2(&actions, descriptors[i].get(), kFirst + static_cast<int>(i));
  std::vector<std::string> arguments{kProgram,
                                     "--configure",
                                     "--mtu=65520",
                                     "--disable-host-loopback",
                                     "--enable-seccomp",
                                     "--netns-type=path",
                                     fmt::format("--ready-fd={}", kFirst + 1),
                                     fmt::format("--exit-fd={}", kFirst + 2)};
  if (descriptors.size() > 3) {
    arguments.push_back(fmt::format("--userns-path=/proc/self/fd/{}", kFirst + 3));
  } else {
    arguments.emplace_back("--enable-sandbox");  // needs a user 0
  }
  arguments.push_back(fmt::format("/proc/self/fd/{}", kFirst));
  arguments.emplace_back("tap0");
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  char* const environment[] = {nullptr};
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);  // it waits for a child of its own
  posix_spawnattr_setsigdefault(&attributes, &child);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  if (posix_spawn(&pid, kProgram, &actions, &attributes, argv.data(), environment) == 0) limit(pid);  // a failure shows as the end of ready
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
}

// Serves the warden until it is gone. Children are reaped by the kernel.
[[noreturn]] void run_helper(int socket) {
  (void)setpriority(PRIO_PROCESS, 0, kPriority);
  bound_capabilities({CAP_SYS_ADMIN, CAP_NET_ADMIN, CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT, CAP_SETPCAP});
  (void)keep_capabilities({CAP_SYS_ADMIN, CAP_NET_ADMIN, CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT, CAP_SETPCAP});
  (void)set_no_new_privs();
  signal(SIGCHLD, SIG_IGN);
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (const int quiet = open("/dev/null", O_WRONLY); quiet >= 0) dup2(quiet, STDOUT_FILENO);
  if (socket != STDERR_FILENO + 1) dup3(socket, STDERR_FILENO + 1, O_CLOEXEC);
  close_range(STDERR_FILENO + 2, ~0U, 0);
  while (true) {
    std::array<char, 1> packet{};
    std::vector<UniqueFd> descriptors;
    const auto size = receive_packet(STDERR_FILENO + 1, packet, &descriptors, Wait::yes);
    if (!size || *size == 0) _exit(0);
    if (descriptors.size() >= 3) spawn(descriptors);
  }
}

}  // namespace

Result<Outside> Outside::start() {
  Outside outside;
  outside.missing_ = what_is_missing();
  if (!outside.missing_.empty()) return outside;
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) return fail_errno("make a socket pair");
  outside.helper_.reset(fds[0]);
  const UniqueFd theirs(fds[1]);
  const pid_t pid = fork();
  if (pid < 0) return fail_errno("fork the helper for the outside network");
  if (pid == 0) run_helper(theirs.get());
  return outside;
}

Result<UniqueFd> Outside::connect(int network, int user_namespace, int ready) const {
  if (!helper_) return fail(Errc::failed_precondition, missing_);
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return fail_errno("make a pipe");
  const UniqueFd end(fds[0]);
  UniqueFd lifeline(fds[1]);
  std::vector<int> descriptors{network, ready, end.get()};
  if (user_namespace >= 0) descriptors.push_back(user_namespace);
  WICK_CHECK(send_packet(helper_.get(), "1", descriptors, Wait::no));
  return lifeline;
}

}  // namespace wick::sandbox::warden
