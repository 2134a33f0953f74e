#include "sandbox/warden/seat.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

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

constexpr unsigned kMakerMaxSeconds = 2;
constexpr int kOutsideMaxMillis = 1500;
constexpr unsigned long kNewNamespaces = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
constexpr std::size_t kTextMax = 4096;
constexpr const char* kInotifyInstancesMax = "8";
constexpr const char* kInotifyWatchesMax = "8192";

// Between the processes here: what went well, with what was made, or an Errc and a text.
enum class Word : char { done = 'D', failed = 'F' };

void say(int socket, Word word, std::string_view text, std::span<const int> descriptors = {}) {
  (void)send_packet(socket, std::string(1, static_cast<char>(word)).append(text.substr(0, kTextMax - 1)), descriptors, Wait::yes);
}

[[noreturn]] void give_up(int socket, const Error& error) {
  say(socket, Word::failed, static_cast<char>(error.code) + error.message);
  _exit(1);
}

// What the other side has sent along, once it says that it is done.
Result<std::string> hear(int socket, std::vector<UniqueFd>& descriptors, pid_t* sender = nullptr) {
  std::array<char, kTextMax> packet;
  WICK_TRY(const std::size_t size, receive_packet(socket, packet, &descriptors, Wait::yes, sender));
  const std::string_view text(packet.data(), size);
  if (text.starts_with(static_cast<char>(Word::done))) return std::string(text.substr(1));
  if (size < 2) return fail(Errc::unavailable, "a place for a fork was not made in time");
  return fail(static_cast<Errc>(text[1]), std::string(text.substr(2)));
}

Result<pid_t> fork_process() {
  const pid_t pid = fork();
  if (pid < 0) return fail_errno("fork");
  return pid;
}

Result<> expect_success(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child || status != 0) return fail(Errc::unavailable, "a place for a fork cannot be made");
  return {};
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
  // The kernel counts these for each host user as well, which a bare template's forks have in common: 128 of the first by default.
  WICK_CHECK(write_at(plan.proc, "sys/user/max_inotify_instances", kInotifyInstancesMax));
  WICK_CHECK(write_at(plan.proc, "sys/user/max_inotify_watches", kInotifyWatchesMax));
  WICK_TRY(InstanceNetwork network, furnish_network());
  if (sethostname(kHostName, std::string_view(kHostName).size()) != 0) return fail_errno("set the host name");
  bound_capabilities({});
  WICK_CHECK(keep_capabilities({}));
  if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) return fail(Errc::internal, "an instance's first process is dumpable");
  if (setsid() < 0) return fail_errno("make a session");
  return network;
}

[[noreturn]] void run_first_process(const SeatPlan& plan, int line) {
  close_all_but({line, plan.host.warden.get(), plan.proc}, 0);
  auto network = settle(plan);
  if (!network) give_up(line, network.error());
  const std::array<int, 2> listeners{network->runtime_api.get(), network->api.get()};
  say(line, Word::done, {}, listeners);
  close_all_but({line, plan.host.warden.get()}, 0);
  // Only once its maker has gone is its parent the warden.
  char byte = 0;
  if (recv(line, &byte, 1, 0) != 1 || !die_with(plan.host.warden)) _exit(1);
  close_all_but({}, 0);
  signal(SIGCHLD, SIG_IGN);  // the kernel reaps
  while (true) pause();
}

// --- A process in the template's pid namespace, which alone can make one below that, with the seat as its parent's child.

Result<> become_maker_of_namespaces(const SeatPlan& plan) {
  for (const UniqueFd& door : plan.doors) {
    if (write(door.get(), "0", 1) != 1) return fail_errno("enter a cgroup");
  }
  if (setns(plan.place.mnt.get(), CLONE_NEWNS) != 0) return fail_errno("enter the template's mounts");
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return fail_errno("keep capabilities over a change of user");
  if (setresgid(plan.user, plan.user, plan.user) != 0) return fail_errno("change group");
  // The template's user is to own what is made here. The file system's user stays root, for the map files of its child.
  if (setresuid(0, plan.user, 0) != 0) return fail_errno("change user");
  (void)setfsuid(0);
  WICK_CHECK(keep_capabilities({CAP_SYS_ADMIN}));
  if (setns(plan.place.user.get(), CLONE_NEWUSER) != 0) return fail_errno("enter the template's user namespace");
  return {};
}

[[noreturn]] void run_maker_of_namespaces(const SeatPlan& plan, int line) {
  if (auto able = become_maker_of_namespaces(plan); !able) give_up(line, able.error());
  const long pid = syscall(SYS_clone, kNewNamespaces | CLONE_PARENT | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (pid < 0) give_up(line, fail_errno("make an instance's namespaces").error());
  if (pid == 0) run_first_process(plan, line);
  _exit(0);
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
  pollfd waited{.fd = ready.ours.get(), .events = POLLIN, .revents = 0};
  char byte = 0;
  if (poll(&waited, 1, kOutsideMaxMillis) <= 0 || read(ready.ours.get(), &byte, 1) != 1)
    return fail(Errc::failed_precondition, "the outside network cannot be connected here");
  return lifeline;
}

Result<Seat> make(const SeatPlan& plan, UniqueFd& line) {
  WICK_TRY(Pair lines, make_pair_that_knows_senders());
  if (setns(plan.place.pid.get(), CLONE_NEWPID) != 0) return fail_errno("enter the template's pid namespace");
  WICK_TRY(const pid_t between, fork_process());
  if (between == 0) run_maker_of_namespaces(plan, lines.theirs.get());
  lines.theirs.reset();
  std::vector<UniqueFd> listeners;
  pid_t first = 0;
  WICK_CHECK(hear(lines.ours.get(), listeners, &first));
  WICK_CHECK(expect_success(between));
  if (listeners.size() != 2) return fail(Errc::unavailable, "no descriptors are left for another instance");

  Seat seat;
  seat.network.runtime_api = std::move(listeners[0]);
  seat.network.api = std::move(listeners[1]);
  seat.first_process.reset(static_cast<int>(syscall(SYS_pidfd_open, first, 0)));
  if (!seat.first_process) return fail_errno("open an instance's first process");
  for (const char* name : kJoinedNamespaces) {
    WICK_TRY(UniqueFd fd, open_namespace(plan.proc, first, name));
    seat.namespaces.push_back(std::move(fd));
  }
  WICK_TRY(seat.cgroups, read_at(plan.proc, fmt::format("{}/cgroup", first)));

  if (setns(seat.namespaces[1].get(), CLONE_NEWPID) != 0) return fail_errno("enter an instance's pid namespace");
  WICK_TRY(const pid_t furnisher, fork_process());
  if (furnisher == 0) {
    const auto furnished = furnish(plan, seat.namespaces[2]);
    if (!furnished) fmt::print(stderr, "wick-warden: {}\n", furnished.error().message);
    _exit(furnished ? 0 : 1);
  }
  WICK_CHECK(expect_success(furnisher));
  if (plan.outside) {
    WICK_TRY(seat.outside, reach_outside(plan.host, seat.namespaces[3].get()));
  }
  line = std::move(lines.ours);
  return seat;
}

[[noreturn]] void run_maker(const SeatPlan& plan, const UniqueFd& parent, int socket) {
  alarm(kMakerMaxSeconds);
  if (!die_with(parent)) _exit(1);
  UniqueFd line;
  auto seat = make(plan, line);
  if (!seat) give_up(socket, seat.error());
  std::vector<int> descriptors;
  for (const UniqueFd& fd : seat->namespaces) descriptors.push_back(fd.get());
  descriptors.insert(descriptors.end(), {line.get(), seat->first_process.get(), seat->network.runtime_api.get(), seat->network.api.get()});
  if (seat->outside) descriptors.push_back(seat->outside.get());
  say(socket, Word::done, seat->cgroups, descriptors);
  _exit(0);
}

}  // namespace

Namespaces Seat::numbers() const {
  Namespaces numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = namespaces[i].get();
  return numbers;
}

Result<SeatInTheMaking> SeatInTheMaking::begin(const SeatPlan& plan) {
  WICK_TRY(Pair sockets, make_socket_pair(SOCK_SEQPACKET));
  const UniqueFd self(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
  if (!self) return fail_errno("open the own pidfd");
  WICK_TRY(const pid_t maker, fork_process());
  if (maker == 0) {
    sockets.ours.reset();
    run_maker(plan, self, sockets.theirs.get());
  }
  return SeatInTheMaking(maker, std::move(sockets.ours));
}

Result<Seat> SeatInTheMaking::finish() {
  std::vector<UniqueFd> descriptors;
  auto cgroups = hear(socket_.get(), descriptors);
  (void)waitpid(maker_, nullptr, 0);
  constexpr std::size_t kNamespaces = kJoinedNamespaces.size();
  if (!cgroups) return std::unexpected(std::move(cgroups).error());
  if (descriptors.size() < kNamespaces + 4) return fail(Errc::unavailable, "no descriptors are left for another instance");
  Seat seat;
  for (std::size_t i = 0; i < kNamespaces; ++i) seat.namespaces.push_back(std::move(descriptors[i]));
  const UniqueFd line = std::move(descriptors[kNamespaces]);
  seat.first_process = std::move(descriptors[kNamespaces + 1]);
  seat.network.runtime_api = std::move(descriptors[kNamespaces + 2]);
  seat.network.api = std::move(descriptors[kNamespaces + 3]);
  if (descriptors.size() > kNamespaces + 4) seat.outside = std::move(descriptors[kNamespaces + 4]);
  seat.cgroups = std::move(*cgroups);
  WICK_CHECK(send_packet(line.get(), "g", {}, Wait::no));
  return seat;
}

}  // namespace wick::sandbox::warden
