#include "sandbox/warden/seat.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <optional>
#include <set>
#include <span>

#include <fmt/format.h>

#include "sandbox/warden/capabilities.h"
#include "sandbox/warden/file_at.h"
#include "sandbox/warden/identity.h"
#include "sandbox/warden/instance_init.h"
#include "sandbox/warden/instance_root.h"
#include "sandbox/warden/namespaces.h"
#include "sandbox/warden/offspring.h"
#include "sandbox/warden/packet.h"

namespace wick::sandbox::warden {
namespace {

constexpr int kBirthMaxMillis = 1500;
constexpr int kOutsideMaxMillis = 1500;
constexpr unsigned long kNewNamespaces = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
constexpr std::size_t kTextMax = 4096;
constexpr const char* kInotifyInstancesMax = "8";
constexpr const char* kInotifyWatchesMax = "8192";
constexpr std::size_t kStackBytes = 256 * 1024;

// Between the processes here: what went well, with what was made, or an Errc and a text.
enum class Word : char { done = 'D', failed = 'F' };

void say(int socket, Word word, std::string_view text, std::span<const int> descriptors = {}) {
  (void)send_packet(socket, std::string(1, static_cast<char>(word)).append(text.substr(0, kTextMax - 1)), descriptors, Wait::yes);
}

void say_failure(int socket, const Error& error) { say(socket, Word::failed, static_cast<char>(error.code) + error.message); }

// What the other side has sent along, once it says that it is done.
Result<std::string> hear(int socket, std::vector<UniqueFd>& descriptors, pid_t* sender = nullptr) {
  std::array<char, kTextMax> packet;
  WICK_TRY(const std::size_t size, receive_packet(socket, packet, &descriptors, Wait::yes, sender));
  const std::string_view text(packet.data(), size);
  if (text.starts_with(static_cast<char>(Word::done))) return std::string(text.substr(1));
  if (size < 2) return fail(Errc::unavailable, "a place for a fork was not made in time");
  return fail(static_cast<Errc>(text[1]), std::string(text.substr(2)));
}

// A step in a process of its own, a child of the caller's parent, whose namespaces and rights it changes while the caller waits. It
// shares the caller's memory, so that no page table is copied. Ends the caller if the step is killed, which can leave anything behind.
Result<> in_own_process(const std::function<Result<>()>& step) {
  alignas(16) static std::array<char, kStackBytes> stack;
  struct Call {
    const std::function<Result<>()>& step;
    std::optional<Result<>> result;
  } call{.step = step, .result = {}};
  const auto run = [](void* argument) {
    auto& own = *static_cast<Call*>(argument);
    own.result = own.step();
    return 0;
  };
  if (clone(run, stack.data() + stack.size(), CLONE_VM | CLONE_VFORK | CLONE_PARENT, &call) < 0) return fail_errno("make a process");
  if (!call.result) _exit(1);
  return *call.result;
}

// --- The first process of the seat. The template's code may trace, and read, what is dumpable in there: the template's user owns the
// seat's user namespace. So this process is never dumpable, and writes its map files, which are root's therefore, with the rights of root
// over files.

Result<InstanceNetwork> settle(const SeatPlan& plan) {
  WICK_CHECK(write_at(plan.proc, "self/uid_map", fmt::format("{0} {0} 1", kInsideUser)));
  WICK_CHECK(write_at(plan.proc, "self/setgroups", "deny"));
  WICK_CHECK(write_at(plan.proc, "self/gid_map", fmt::format("{0} {0} 1", kInsideGroup)));
  if (setresgid(kInsideGroup, kInsideGroup, kInsideGroup) != 0) return fail_errno("change group");
  if (setresuid(kInsideUser, kInsideUser, kInsideUser) != 0) return fail_errno("change user");
  // The kernel counts these for each host user as well, which different functions have in common there: 128 of the first by default. Where
  // there are many instances it takes long to find the files, which each namespace has under the same names.
  if (!plan.has_package) {
    WICK_CHECK(write_at(plan.proc, "sys/user/max_inotify_instances", kInotifyInstancesMax));
    WICK_CHECK(write_at(plan.proc, "sys/user/max_inotify_watches", kInotifyWatchesMax));
  }
  WICK_TRY(InstanceNetwork network, furnish_network());
  if (sethostname(kHostName, std::string_view(kHostName).size()) != 0) return fail_errno("set the host name");
  bound_capabilities({});
  WICK_CHECK(keep_capabilities({}));
  // 0, or 2 where the kernel is told so for processes that have changed their user (fs.suid_dumpable), which also means to root alone.
  if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1) return fail(Errc::internal, "an instance's first process is dumpable");
  if (setsid() < 0) return fail_errno("make a session");
  WICK_CHECK(die_with(plan.host.warden));
  return network;
}

[[noreturn]] void run_first_process(const SeatPlan& plan, int line) {
  auto network = settle(plan);
  if (!network) {
    say_failure(line, network.error());
    _exit(1);
  }
  const std::array<int, 2> listeners{network->runtime_api.get(), network->api.get()};
  say(line, Word::done, {}, listeners);
  close_all_but({}, 0);
  signal(SIGCHLD, SIG_IGN);  // the kernel reaps
  while (true) pause();
}

// --- A process in the template's pid namespace, which alone can make one below that, with the seat as its parent's child.

Result<> make_namespaces(const SeatPlan& plan, const std::vector<UniqueFd>& doors, int line, std::string& cgroups) {
  for (const UniqueFd& door : doors) {
    if (write(door.get(), "0", 1) != 1) return fail_errno("enter a cgroup");
  }
  // Before the first process is there, whose user may move it. With the door of another place, kept by a template, he may move this one
  // as well, for other limits of the same version's (docs/SECURITY.md).
  WICK_TRY(cgroups, read_at(plan.proc, "self/cgroup"));
  if (setns(plan.place.mnt.get(), CLONE_NEWNS) != 0) return fail_errno("enter the template's mounts");
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return fail_errno("keep capabilities over a change of user");
  if (setresgid(plan.user, plan.user, plan.user) != 0) return fail_errno("change group");
  // The template's user is to own what is made here. The file system's user stays root, for the map files of its child.
  if (setresuid(0, plan.user, 0) != 0) return fail_errno("change user");
  (void)setfsuid(0);
  WICK_CHECK(keep_capabilities({CAP_SYS_ADMIN}));
  if (setns(plan.place.user.get(), CLONE_NEWUSER) != 0) return fail_errno("enter the template's user namespace");
  // The template's code can stop the first process as soon as it is born: it must hold nothing open by whose closing others are told.
  close_all_but({line, plan.host.warden.get(), plan.proc}, 0);
  int first_process = -1;
  const long pid = syscall(SYS_clone, kNewNamespaces | CLONE_PARENT | CLONE_PIDFD, nullptr, &first_process, nullptr, nullptr);
  if (pid < 0) return fail_errno("make an instance's namespaces");
  if (pid == 0) run_first_process(plan, line);
  say(line, Word::done, {}, std::array<int, 1>{first_process});
  return {};
}

// --- A process of the warden's rights in the seat's pid namespace, for its /proc. It is there the second one, as the template is in
// its own, and a fork that were the second as well would not look like one to OpenSSL, which compares pids.

Result<> furnish(const SeatPlan& plan, const UniqueFd& mnt) {
  WICK_TRY(const OwnMounts mounts, make_own_mounts(plan.tmp_bytes, plan.user));
  if (setns(mnt.get(), CLONE_NEWNS) != 0) return fail_errno("enter an instance's mounts");
  return place_own_mounts(mounts);
}

// --- The maker.

Result<UniqueFd> reach_outside(const Host& host, int network) {
  WICK_TRY(Pair ready, make_pipe());
  WICK_TRY(UniqueFd lifeline, host.outside.connect(network, -1, ready.theirs.get()));
  ready.theirs.reset();
  char byte = 0;
  if (!wait_readable(ready.ours.get(), kOutsideMaxMillis) || read(ready.ours.get(), &byte, 1) != 1)
    return fail(Errc::failed_precondition, "the outside network cannot be connected here");
  return lifeline;
}

Result<> make_in(Seat& seat, const SeatPlan& plan, const std::vector<UniqueFd>& doors) {
  WICK_TRY(Pair lines, make_pair_that_knows_senders());
  if (setns(plan.place.pid.get(), CLONE_NEWPID) != 0) return fail_errno("enter the template's pid namespace");
  if (auto made = in_own_process([&] { return make_namespaces(plan, doors, lines.theirs.get(), seat.cgroups); }); !made)
    return fail(Errc::unavailable, std::move(made).error().message);  // the kernel refuses in the namespace of a template that has ended
  lines.theirs.reset();
  pid_t first = 0;
  for (int said = 0; said < 2; ++said) {  // by that process and by the first one, in any order
    std::vector<UniqueFd> sent;
    pid_t sender = 0;
    if (!wait_readable(lines.ours.get(), kBirthMaxMillis)) return fail(Errc::unavailable, "an instance's first process does not come to be");
    WICK_CHECK(hear(lines.ours.get(), sent, &sender));
    if (sent.size() == 1) {
      seat.first_process = std::move(sent[0]);
    } else if (sent.size() == 2) {
      first = sender;
      seat.network.runtime_api = std::move(sent[0]);
      seat.network.api = std::move(sent[1]);
    }
  }
  if (!seat.first_process || first == 0) return fail(Errc::unavailable, "no descriptors are left for another instance");
  for (const char* name : kJoinedNamespaces) {
    WICK_TRY(UniqueFd fd, open_namespace(plan.proc, first, name));
    seat.namespaces.push_back(std::move(fd));
  }
  // Only now is it known that its number has not been another process's since it ended.
  if (wait_readable(seat.first_process.get(), 0)) return fail(Errc::unavailable, "an instance's first process has ended");

  if (setns(seat.namespaces[1].get(), CLONE_NEWPID) != 0) return fail_errno("enter an instance's pid namespace");
  WICK_CHECK(in_own_process([&] { return furnish(plan, seat.namespaces[2]); }));
  if (plan.outside) {
    WICK_TRY(seat.outside, reach_outside(plan.host, seat.namespaces[3].get()));
  }
  return {};
}

Result<Seat> make(const SeatPlan& plan, const std::vector<UniqueFd>& doors) {
  Seat seat;
  if (auto made = make_in(seat, plan, doors); !made) {
    if (seat.first_process) (void)syscall(SYS_pidfd_send_signal, seat.first_process.get(), SIGKILL, nullptr, 0);
    return std::unexpected(std::move(made).error());
  }
  return seat;
}

void hand_over(int socket, const Seat& seat) {
  std::vector<int> descriptors = numbers_of(seat.namespaces);
  descriptors.insert(descriptors.end(), {seat.first_process.get(), seat.network.runtime_api.get(), seat.network.api.get()});
  if (seat.outside) descriptors.push_back(seat.outside.get());
  say(socket, Word::done, seat.cgroups, descriptors);
}

[[noreturn]] void run_maker(const SeatPlan& plan, int socket) {
  std::set<int> kept{socket, plan.proc, plan.place.user.get(), plan.place.pid.get(), plan.place.mnt.get(), plan.host.warden.get()};
  if (plan.outside) kept.insert(plan.host.outside.descriptor());
  close_all_but(kept, STDERR_FILENO + 1);
  if (!die_with(plan.host.warden)) _exit(1);
  while (true) {
    std::vector<UniqueFd> doors;
    std::array<char, 1> order{};
    const auto size = receive_packet(socket, order, &doors, Wait::yes);
    if (!size || *size == 0) _exit(0);
    alarm(kSeatMaxSeconds);
    if (auto seat = make(plan, doors); seat) {
      hand_over(socket, *seat);
    } else {
      say_failure(socket, seat.error());
    }
    alarm(0);
  }
}

}  // namespace

Namespaces Seat::numbers() const {
  Namespaces numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = namespaces[i].get();
  return numbers;
}

Result<SeatMaker> SeatMaker::start(const SeatPlan& plan) {
  WICK_TRY(Pair sockets, make_socket_pair(SOCK_SEQPACKET));
  const long pid = syscall(SYS_clone, CLONE_PARENT, nullptr, nullptr, nullptr, nullptr);
  if (pid < 0) return fail_errno("fork a maker of places for forks");
  if (pid == 0) run_maker(plan, sockets.theirs.get());
  return SeatMaker(std::move(sockets.ours));
}

Result<> SeatMaker::order(const std::vector<UniqueFd>& doors) { return send_packet(socket_.get(), "s", numbers_of(doors), Wait::no); }

Result<Seat> SeatMaker::take() {
  std::vector<UniqueFd> descriptors;
  WICK_TRY(std::string cgroups, hear(socket_.get(), descriptors));
  constexpr std::size_t kNamespaces = kJoinedNamespaces.size();
  if (descriptors.size() < kNamespaces + 3) return fail(Errc::unavailable, "no descriptors are left for another instance");
  Seat seat;
  for (std::size_t i = 0; i < kNamespaces; ++i) seat.namespaces.push_back(std::move(descriptors[i]));
  seat.first_process = std::move(descriptors[kNamespaces]);
  seat.network.runtime_api = std::move(descriptors[kNamespaces + 1]);
  seat.network.api = std::move(descriptors[kNamespaces + 2]);
  if (descriptors.size() > kNamespaces + 3) seat.outside = std::move(descriptors[kNamespaces + 3]);
  seat.cgroups = std::move(cgroups);
  return seat;
}

}  // namespace wick::sandbox::warden
