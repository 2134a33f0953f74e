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
constexpr int kTurnsOfAKill = 4;    // from one attempt to the next
constexpr int kRemoveTurns = 100;   // for the kernel to be done with them

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

Result<std::unique_ptr<Instance>> Instance::prepare(const Host& host, const std::string& name, uid_t user, CgroupSharePtr share) {
  std::unique_ptr<Instance> instance(new Instance(host));
  WICK_TRY(instance->network_, host.networks.make());
  if (host.cgroups) {
    WICK_TRY(instance->cgroup_, host.cgroups->make(name, std::move(share)));
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
  pid_ = pid;
  init_.reset(pidfd);
  socket_ = std::move(socket.ours);
  return {};
}

Result<> Instance::start(const Boot& boot, std::string_view packet) {
  WICK_TRY(Pair channel, make_socket_pair(SOCK_STREAM));
  take_no_descriptors(channel.ours.get());
  WICK_TRY(Pair log, make_pipe());
  if (cgroup_) WICK_CHECK(cgroup_->limit(boot.limits, boot.is_template ? Cgroup::OutOfMemory::ends_one : Cgroup::OutOfMemory::ends_all));
  std::vector<int> descriptors{log.theirs.get(), channel.theirs.get()};
  Pair control;
  if (boot.is_template) {
    WICK_TRY(control, make_pair_that_knows_senders());
    take_no_descriptors(control.ours.get());
    descriptors.push_back(control.theirs.get());
  }
  WICK_CHECK(send_packet(socket_.get(), packet, descriptors, Wait::no));
  id_ = boot.id;
  limits_ = boot.limits;
  channel_ = std::move(channel.ours);
  log_ = std::move(log.ours);
  control_ = std::move(control.ours);
  is_template_ = boot.is_template;
  state_ = State::starting;
  return {};
}

Result<std::unique_ptr<Instance>> Instance::prepare_seat(const Host& host, const std::string& name, const Limits& limits, CgroupSharePtr share) {
  std::unique_ptr<Instance> instance(new Instance(host));
  instance->is_seat_ = true;
  WICK_TRY(instance->cgroup_, host.cgroups->make(name, std::move(share)));
  WICK_CHECK(instance->cgroup_->limit(limits, Cgroup::OutOfMemory::ends_all));
  instance->limits_ = limits;
  return instance;
}

void Instance::take_seat(UniqueFd first_process, InstanceNetwork network, UniqueFd outside) {
  init_ = std::move(first_process);
  network_ = std::move(network);
  outside_ = std::move(outside);
}

Result<std::array<UniqueFd, 2>> Instance::start(const Fork& fork) {
  id_ = fork.id;
  WICK_TRY(Pair channel, make_socket_pair(SOCK_STREAM));
  take_no_descriptors(channel.ours.get());
  WICK_TRY(Pair log, make_pipe());
  if (fork.limits != limits_) WICK_CHECK(cgroup_->limit(fork.limits, Cgroup::OutOfMemory::ends_all));
  limits_ = fork.limits;
  channel_ = std::move(channel.ours);
  log_ = std::move(log.ours);
  state_ = State::starting;
  return std::array<UniqueFd, 2>{std::move(channel.theirs), std::move(log.theirs)};
}

void Instance::forked() {
  started_ = true;
  if (killed_) kill();
}

void Instance::ended(int status) {
  status_ = status;
  kill();
}

void Instance::come_to_nothing(Error error) {
  failure_ = std::move(error);
  gone_ = !init_;
  kill();
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
  if (gone && state_ == State::lingering)
    finish();
  else if (gone)
    return last_news();
  if (is_template_ && state_ == State::running && status_ && alone_) {
    state_ = State::lingering;
    turns_ = 0;
    return exited();
  }
  return std::nullopt;
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
      case NewsType::ended: {
        int status = 0;
        if (body.size() == sizeof(status)) std::memcpy(&status, body.data(), sizeof(status));
        ended(status);  // the first process ends too, but may have to share the processor with all that goes with it
        break;
      }
      case NewsType::child_ended: {
        ChildEnd end{};
        if (body.size() == sizeof(end)) std::memcpy(&end, body.data(), sizeof(end));
        child_ends_.push_back(end);
        break;
      }
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
  else if (killed_ ? turns_ % kTurnsOfAKill == 0 : cgroup_ && cgroup_->out_of_memory())
    kill();
}

// A seat that was in the making may have left processes there, and the template others: it is given the doors.
void Instance::remove_cgroup() {
  if (cgroup_->remove())
    cgroup_.reset();
  else if (is_seat_)
    cgroup_->kill();
}

// True once every process of the tree is gone: the first one has ended only after all others of its namespace.
bool Instance::reap() {
  if (gone_ || !init_) return gone_;  // one without a process is still in the making
  if (!wait_readable(init_.get(), 0)) return false;
  read_news();  // all that it will ever say
  if (!status_) status_ = SIGKILL;
  init_.reset();
  return gone_ = true;
}

Reply Instance::exited() {
  const Usage used = usage();
  const bool out_of_memory = cgroup_ && cgroup_->out_of_memory();
  return Exited{
      .id = id_,
      .exit = {.status = *status_, .out_of_memory = out_of_memory, .memory_peak_bytes = used.memory_peak_bytes, .cpu_nanos = used.cpu_nanos}};
}

void Instance::finish() {
  state_ = State::finished;
  outside_.reset();
  turns_ = kRemoveTurns;
  if (cgroup_) remove_cgroup();
}

Reply Instance::last_news() {
  Reply news;
  if (started_) {
    news = exited();
  } else {
    if (!failure_) failure_ = Error{Errc::unavailable, "the instance was killed before its runtime was started"};
    news = Failed{.id = id_, .code = failure_->code, .message = failure_->message};
  }
  finish();
  return news;
}

void Instance::end_init() {
  if (cgroup_ && !killed_) (void)cgroup_->limit_cpu(limits_.cpu_millis);
}

void Instance::weigh(unsigned halvings) {
  if (cgroup_) (void)cgroup_->weigh(halvings);
}

// Killing the first process is enough for the kernel to kill the rest, but for that it has to run, beside all of them: if that is
// not done some turns later, each is killed.
void Instance::kill() {
  const bool again = std::exchange(killed_, true);
  if (!again) turns_ = kKillTurns;
  if (!init_ || (is_seat_ && state_ == State::starting && !started_ && !failure_)) return;  // a fork under way is killed once it is there
  if (is_template_ && started_) {
    if (state_ != State::lingering) alone_ = cgroup_->kill_but(pid_);
    return;
  }
  (void)syscall(SYS_pidfd_send_signal, init_.get(), SIGKILL, nullptr, 0);
  if (again && cgroup_) cgroup_->kill();
}

void Instance::end() {
  is_template_ = false;
  kill();
}

Usage Instance::usage() const { return cgroup_ ? cgroup_->usage() : Usage{}; }

}  // namespace wick::sandbox::warden
