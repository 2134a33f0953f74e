#include "sandbox/warden/instance.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sandbox/warden/instance_init.h"
#include "sandbox/warden/packet.h"

namespace wick::sandbox::warden {
namespace {

constexpr int kMemoryTurns = 10;    // from the kernel's warning that it will kill to its kill
constexpr int kKillTurns = 10'000;  // for the processes to go
constexpr int kRemoveTurns = 100;   // for the kernel to be done with them

struct Pair {
  UniqueFd ours;
  UniqueFd theirs;
};

Result<Pair> make_socket_pair(int type) {
  int fds[2];
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) != 0) return fail_errno("make a socket pair");
  return Pair{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

Result<Pair> make_pipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return fail_errno("make a pipe");
  return Pair{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

// fork(2) into new namespaces: returns 0 in the child.
Result<pid_t> fork_into(int cgroup_folder, int& pidfd) {
  clone_args arguments{};
  arguments.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  if (cgroup_folder >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<std::uint64_t>(cgroup_folder);
  }
  const long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
  if (pid < 0) return fail_errno("clone the instance's first process");
  return static_cast<pid_t>(pid);
}

}  // namespace

Result<std::unique_ptr<Instance>> Instance::prepare(const Host& host, const std::string& name, uid_t user) {
  std::unique_ptr<Instance> instance(new Instance(host));
  WICK_TRY(instance->network_, host.networks.make());
  if (host.cgroups) {
    WICK_TRY(instance->cgroup_, host.cgroups->make(name));
  }
  WICK_CHECK(instance->clone_init(user));
  return instance;
}

Result<> Instance::clone_init(uid_t user) {
  WICK_TRY(Pair socket, make_socket_pair(SOCK_SEQPACKET));
  UniqueFd birthplace;
  if (cgroup_) {
    WICK_TRY(birthplace, cgroup_->birthplace());
  }
  int pidfd = -1;
  WICK_TRY(const pid_t pid, fork_into(birthplace.get(), pidfd));
  if (pid == 0) {
    socket.ours.reset();
    run_init({.host = host_, .cgroup = cgroup_.get(), .network = network_, .user = user, .socket = socket.theirs.get()});
  }
  init_.reset(pidfd);
  socket_ = std::move(socket.ours);
  return {};
}

Result<> Instance::start(const Boot& boot, std::string_view packet) {
  WICK_TRY(Pair channel, make_socket_pair(SOCK_STREAM));
  WICK_TRY(Pair log, make_pipe());
  if (cgroup_) WICK_CHECK(cgroup_->limit(boot.limits));
  const std::array<int, 2> descriptors{log.theirs.get(), channel.theirs.get()};
  WICK_CHECK(send_packet(socket_.get(), packet, descriptors, Wait::no));
  id_ = boot.id;
  cpu_millis_ = boot.limits.cpu_millis;
  channel_ = std::move(channel.ours);
  log_ = std::move(log.ours);
  state_ = State::starting;
  return {};
}

Instance::~Instance() {
  if (cgroup_) (void)cgroup_->remove();
}

std::array<int, kBootedDescriptors> Instance::daemon_ends() const {
  return {channel_.get(), log_.get(), network_.runtime_api.get(), network_.api.get()};
}

void Instance::close_daemon_ends() {
  channel_.reset();
  log_.reset();
  network_ = {};
}

std::optional<Reply> Instance::next_news() {
  if (state_ == State::finished) return std::nullopt;
  read_news();
  watch_memory();
  const bool gone = reap();
  if (state_ == State::starting && started_) {
    state_ = State::running;
    return Booted{.id = id_};
  }
  if (!gone) return std::nullopt;
  return last_news();
}

void Instance::read_news() {
  char packet[kNewsMax];
  while (socket_) {
    std::vector<UniqueFd> descriptors;
    const auto size = receive_packet(socket_.get(), packet, &descriptors, Wait::no);
    if (!size && size.error().code == Errc::unavailable) return;
    if (!size || *size == 0) return socket_.reset();
    const std::string_view body(packet + 1, *size - 1);
    switch (static_cast<NewsType>(packet[0])) {
      case NewsType::outside:
        if (descriptors.size() == 1) reach_outside(descriptors.front().get());
        break;
      case NewsType::started:
        started_ = true;
        break;
      case NewsType::failed:
        if (!body.empty() && !failure_) failure_ = Error{static_cast<Errc>(body[0]), std::string(body.substr(1))};
        break;
      case NewsType::ended:
        int status = 0;
        if (body.size() == sizeof(status)) std::memcpy(&status, body.data(), sizeof(status));
        status_ = status;
        kill();  // the first process ends too, but may have to share the processor with all that goes with it
        break;
    }
  }
}

void Instance::reach_outside(int ready) {
  auto connected = host_.outside.connect(network_.ns.get(), host_.user_namespace.get(), ready);
  if (connected)
    outside_ = std::move(*connected);
  else
    failure_ = std::move(connected).error();  // more to the point than what the first process will say
}

// Version 1 of cgroups has the kernel kill one process only, which need not be the one that matters. The event comes first and the
// kill a moment later, or never when it is another group's: that is asked for in turns, but not for long.
void Instance::watch_memory() {
  std::uint64_t events = 0;
  if (!cgroup_ || cgroup_->out_of_memory_event() < 0 || read(cgroup_->out_of_memory_event(), &events, sizeof(events)) < 0) return;
  turns_ = std::max(turns_, kMemoryTurns);
  if (cgroup_->out_of_memory()) kill();
}

void Instance::turn() {
  if (turns_ > 0) --turns_;
  if (state_ == State::finished)
    remove_cgroup();
  else if (killed_ || (cgroup_ && cgroup_->out_of_memory()))
    kill();
}

// Left to the warden's end if the kernel takes too long.
void Instance::remove_cgroup() {
  if (cgroup_->remove() || turns_ == 0) cgroup_.reset();
}

// True once every process of the tree is gone: the first one is a zombie only after all others of its namespace.
bool Instance::reap() {
  if (!init_) return true;
  siginfo_t info{};
  if (waitid(P_PIDFD, static_cast<id_t>(init_.get()), &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0) return false;
  read_news();  // all that it will ever say
  if (!status_) status_ = info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
  init_.reset();
  return true;
}

Reply Instance::last_news() {
  state_ = State::finished;
  outside_.reset();
  const Usage used = usage();
  const bool out_of_memory = cgroup_ && cgroup_->out_of_memory();
  turns_ = kRemoveTurns;
  if (cgroup_) remove_cgroup();
  if (started_) {
    return Exited{
        .id = id_,
        .exit = {.status = *status_, .out_of_memory = out_of_memory, .memory_peak_bytes = used.memory_peak_bytes, .cpu_nanos = used.cpu_nanos}};
  }
  if (!failure_) failure_ = Error{Errc::unavailable, "the instance was killed before its runtime was started"};
  return Failed{.id = id_, .code = failure_->code, .message = failure_->message};
}

void Instance::end_init() {
  if (cgroup_ && !killed_) (void)cgroup_->limit_cpu(cpu_millis_);
}

// Killing the first process is enough for the kernel to kill the rest, but for that it has to run, beside all of them.
void Instance::kill() {
  if (!init_) return;
  (void)syscall(SYS_pidfd_send_signal, init_.get(), SIGKILL, nullptr, 0);
  if (cgroup_) cgroup_->kill();
  if (!killed_) turns_ = kKillTurns;
  killed_ = true;
}

Usage Instance::usage() const { return cgroup_ ? cgroup_->usage() : Usage{}; }

}  // namespace wick::sandbox::warden
