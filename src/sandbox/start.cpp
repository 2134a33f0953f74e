#include "sandbox/start.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <variant>

#include "sandbox/process_backend.h"
#include "sandbox/warden/message.h"
#include "sandbox/warden/packet.h"

namespace wick::sandbox {
namespace {

constexpr char kPath[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
constexpr int kHelloMaxMillis = 10'000;
constexpr int kEndMaxMillis = 3'000;

Result<warden::Hello> receive_hello(int socket) {
  if (!wait_readable(socket, kHelloMaxMillis)) return fail(Errc::unavailable, "the sandbox's warden does not say that it is ready");
  std::vector<char> packet(warden::kPacketMax);
  WICK_TRY(const std::size_t size, warden::receive_packet(socket, packet, nullptr, warden::Wait::no));
  if (size == 0) return fail(Errc::unavailable, "the sandbox's warden ended at start; its last words are above");
  WICK_TRY(const warden::Reply reply, warden::decode_reply({packet.data(), size}));
  const auto* hello = std::get_if<warden::Hello>(&reply);
  if (hello == nullptr || hello->version != warden::kProtocolVersion)
    return fail(Errc::failed_precondition, "wick-warden is not of this version of Wick");
  if (!hello->error.empty()) return fail(Errc::failed_precondition, "the sandbox cannot be set up: " + hello->error);
  return *hello;
}

class WardenBackend final : public Backend {
 public:
  WardenBackend(std::shared_ptr<WardenLink> link, pid_t pid, bool can_fork) : link_(std::move(link)), pid_(pid), can_fork_(can_fork) {}
  // Returns when the warden is gone, and with it every process, or has had time enough.
  ~WardenBackend() override {
    link_->close();
    const UniqueFd warden(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
    if (warden && wait_readable(warden.get(), kEndMaxMillis)) waitpid(pid_, nullptr, WNOHANG);
  }
  WardenBackend(const WardenBackend&) = delete;
  WardenBackend& operator=(const WardenBackend&) = delete;

  boost::asio::awaitable<Result<Booted>> boot(Spec spec, std::function<void(Exit)> on_exit) override {
    return link_->boot(std::move(spec), std::move(on_exit));
  }
  boost::asio::awaitable<Result<Booted>> fork(ForkSpec spec, std::function<void(Exit)> on_exit) override {
    return link_->fork(std::move(spec), std::move(on_exit));
  }
  bool can_fork() const override { return can_fork_; }
  void end_init(const InstanceId& id) override { (void)link_->send(warden::EndInit{.id = id.str()}); }
  void kill(const InstanceId& id) override { (void)link_->send(warden::Kill{.id = id.str()}); }
  boost::asio::awaitable<Result<Usage>> usage(InstanceId id) override { return link_->usage(std::move(id)); }

 private:
  std::shared_ptr<WardenLink> link_;
  pid_t pid_;
  bool can_fork_;
};

}  // namespace

Result<WardenProcess> start_warden(const std::string& program, const warden::Options& options, int lock) {
  // Out of the way of the numbers given out below.
  const UniqueFd held(lock < 0 ? -1 : fcntl(lock, F_DUPFD_CLOEXEC, warden::kHeldLock + 1));
  if (lock >= 0 && !held) return fail_errno("duplicate a descriptor");
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) return fail_errno("make a socket pair");
  UniqueFd ours(fds[0]);
  const UniqueFd theirs(fds[1]);

  std::vector<std::string> arguments = to_arguments(options);
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  char* const environment[] = {const_cast<char*>(kPath), nullptr};

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, theirs.get(), warden::kDaemonSocket);
  if (held) posix_spawn_file_actions_adddup2(&actions, held.get(), warden::kHeldLock);
  posix_spawn_file_actions_addclosefrom_np(&actions, held ? warden::kHeldLock + 1 : warden::kHeldLock);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, program.c_str(), &actions, &attributes, argv.data(), environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    errno = error;
    return fail_errno("start", program);
  }
  return WardenProcess{std::move(ours), pid};
}

Result<ProcessBackend> open_process_backend(boost::asio::any_io_executor loop, WardenProcess warden, std::function<void()> on_lost) {
  WICK_TRY(warden::Hello hello, receive_hello(warden.socket.get()));
  const auto link = std::make_shared<WardenLink>(std::move(loop), std::move(warden.socket), std::move(on_lost));
  link->start();
  return ProcessBackend{.backend = std::make_unique<WardenBackend>(link, warden.pid, hello.can_fork), .missing = std::move(hello.missing)};
}

}  // namespace wick::sandbox
