#include "sandbox/warden/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <deque>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "base/clock.h"
#include "sandbox/warden/file_at.h"
#include "sandbox/warden/fork.h"
#include "sandbox/warden/message.h"
#include "sandbox/warden/namespaces.h"
#include "sandbox/warden/offspring.h"
#include "sandbox/warden/packet.h"
#include "sandbox/warden/seat.h"

namespace wick::sandbox::warden {
namespace {

constexpr Millis kMakerMax{1000 * (kSeatMaxSeconds + 1)};
constexpr int kSocketBytes = 8 * 1024 * 1024;  // orders of some hundred forks at once

// A seat, from its order to that of its fork.
struct Kept {
  std::vector<UniqueFd> doors;
  std::optional<Seat> seat;
  bool ahead = false;  // whether a fork is wanted before there is an order
  UniqueFd begun;      // to a fork that has begun and has not said yet that it is there
  std::optional<WaitingFork> fork;
  std::string order;  // secret
  std::vector<UniqueFd> order_descriptors;
};

// What a maker makes now.
struct Making {
  std::uint64_t seat = 0;
  MonoTime due;  // when nothing more is to be expected of the maker
};

struct Maker {
  std::optional<SeatMaker> process;
  std::optional<Making> making;
};

class Keeping {
 public:
  Keeping(const KeeperPlan& plan, int socket, UniqueFd proc, UniqueFd host, TemplatePlace place, UniqueFd own_mounts)
      : plan_(plan),
        socket_(socket),
        proc_(std::move(proc)),
        place_(std::move(place)),
        forker_({.control = plan.control, .proc = proc_.get(), .pid_namespace = place_.pid.get(), .tmp_bytes = plan.tmp_bytes}, std::move(host),
                std::move(own_mounts)) {}

  // Until the warden has gone.
  Result<> run() {
    while (true) {
      if (!unfinished_) alarm(0);
      std::array<pollfd, 3 + kMakersMax> waited{};
      waited[0] = {.fd = socket_, .events = POLLIN, .revents = 0};
      waited[1] = {.fd = awaits_parking_ ? plan_.control : -1, .events = POLLIN, .revents = 0};
      waited[2] = {.fd = unfinished_ ? kept_.at(*unfinished_).begun.get() : -1, .events = POLLIN, .revents = 0};
      for (std::size_t i = 0; i < kMakersMax; ++i)
        waited.at(3 + i) = {.fd = makers_.at(i).making ? makers_.at(i).process->descriptor() : -1, .events = POLLIN, .revents = 0};
      if (poll(waited.data(), waited.size(), millis_until_due()) < 0) return fail_errno("wait for orders");
      if (waited[2].revents != 0) WICK_CHECK(finish(*std::exchange(unfinished_, std::nullopt)));
      if (waited[0].revents != 0) {
        WICK_TRY(const bool more, take_order());
        if (!more) return {};
      }
      for (std::size_t i = 0; i < kMakersMax; ++i) {
        if (waited.at(3 + i).revents != 0) WICK_CHECK(take_seat(makers_.at(i)));
      }
      give_up_what_is_overdue();
      if (awaits_parking_ && (forker_.has_parked() || waited[1].revents != 0)) WICK_CHECK(begin_forks());
      begin_seats();
    }
  }

 private:
  Result<bool> take_order() {
    std::vector<UniqueFd> descriptors;
    WICK_TRY(const std::size_t size, receive_packet(socket_, buffer_, &descriptors, Wait::yes));
    if (size == 0) return false;
    auto taken = take_note({buffer_.data(), size}, std::move(descriptors));
    explicit_bzero(buffer_.data(), size);
    WICK_CHECK(taken);
    return true;
  }

  Result<> take_note(std::string_view packet, std::vector<UniqueFd> descriptors) {
    Note note;
    WICK_TRY(const std::string_view text, decode_note(packet, note));
    if (note.type == NoteType::make) {
      kept_[note.seat].doors = std::move(descriptors);
      ordered_.push_back(note.seat);
    } else if (note.type == NoteType::forget) {
      if (unfinished_ == note.seat) unfinished_.reset();
      kept_.erase(note.seat);
    } else if (const auto kept = kept_.find(note.seat); kept != kept_.end() && note.type == NoteType::ahead) {
      kept->second.ahead = true;
      WICK_CHECK(advance(note.seat));
    } else if (kept != kept_.end()) {
      kept->second.order = text;
      kept->second.order_descriptors = std::move(descriptors);
      WICK_CHECK(advance(note.seat));
    }
    return {};
  }

  // The template is parked, or it has gone, which shows elsewhere as well.
  Result<> begin_forks() {
    awaits_parking_ = false;
    if (!forker_.has_parked() && !forker_.hear_parked()) return {};
    std::vector<std::uint64_t> numbers;
    numbers.reserve(kept_.size());
    for (const auto& [number, kept] : kept_) numbers.push_back(number);
    for (const std::uint64_t number : numbers) WICK_CHECK(advance(number));
    return {};
  }

  void begin_seats() {
    for (Maker& maker : makers_) {
      while (!maker.making && !ordered_.empty()) {
        const auto kept = kept_.find(ordered_.front());
        ordered_.pop_front();
        if (kept == kept_.end()) continue;
        if (auto ordered = order_seat(maker, kept->second.doors); ordered)
          maker.making = Making{.seat = kept->first, .due = Clock::system().monotonic() + kMakerMax};
        else
          tell_failure(kept->first, ordered.error());
      }
    }
  }

  Result<> order_seat(Maker& maker, const std::vector<UniqueFd>& doors) {
    if (maker.process && maker.process->order(doors)) return {};
    WICK_TRY(maker.process, SeatMaker::start({.host = plan_.host,
                                              .place = place_,
                                              .proc = proc_.get(),
                                              .user = plan_.user,
                                              .tmp_bytes = plan_.tmp_bytes,
                                              .outside = plan_.network == Network::outside,
                                              .has_package = plan_.has_package}));
    return maker.process->order(doors);
  }

  int millis_until_due() const {
    std::optional<MonoTime> next;
    for (const Maker& maker : makers_) {
      if (maker.making && (!next || maker.making->due < *next)) next = maker.making->due;
    }
    if (!next) return -1;
    return static_cast<int>(std::max(std::chrono::ceil<Millis>(*next - Clock::system().monotonic()), Millis(0)).count());
  }

  // A maker ends itself at its own deadline, which shows, unless something keeps its socket.
  void give_up_what_is_overdue() {
    const MonoTime now = Clock::system().monotonic();
    for (Maker& maker : makers_) {
      if (!maker.making || now < maker.making->due) continue;
      maker.process.reset();
      tell_failure(std::exchange(maker.making, std::nullopt)->seat, {Errc::unavailable, "a maker of places for forks does not answer"});
    }
  }

  Result<> take_seat(Maker& maker) {
    const std::uint64_t number = std::exchange(maker.making, std::nullopt)->seat;
    auto seat = maker.process->take();
    // Whoever has failed to make one has changed its own place as well.
    if (!seat || (ordered_.empty() && &maker != makers_.data())) maker.process.reset();
    begin_seats();  // beside the fork into this one
    const auto found = kept_.find(number);
    if (found == kept_.end()) return {};  // the warden ends what is in its groups
    Kept& kept = found->second;
    if (!seat) {
      tell_failure(number, seat.error());
      return {};
    }
    std::vector<int> sent{seat->first_process.get(), seat->network.runtime_api.get(), seat->network.api.get()};
    if (seat->outside) sent.push_back(seat->outside.get());
    WICK_CHECK(tell({.type = NoteType::made, .seat = number}, sent));
    seat->first_process.reset();
    seat->network = {};
    seat->outside.reset();
    kept.seat = std::move(*seat);
    return advance(number);
  }

  // A fork into the seat, once it is wanted and there is one, and then its order. An error is one after which the template is not to be
  // relied on.
  Result<> advance(std::uint64_t number) {
    const auto found = kept_.find(number);
    if (found == kept_.end()) return {};
    Kept& kept = found->second;
    const bool is_ordered = !kept.order.empty();
    if (kept.begun || !kept.seat || !(is_ordered || (kept.ahead && forker_.has_parked()))) return {};
    if (!kept.fork || !unfinished_) alarm(kForkMaxSeconds);
    if (kept.fork) return is_ordered ? give_order(number, kept) : Result<>();
    WICK_TRY(kept.begun, forker_.begin(*kept.seat, kept.doors, is_ordered ? Forker::Order::follows : Forker::Order::later));
    const auto before = std::exchange(unfinished_, number);
    return before ? finish(*before) : Result<>();
  }

  Result<> finish(std::uint64_t number) {
    Kept& kept = kept_.at(number);
    WICK_TRY(kept.fork, forker_.finish(*kept.seat, std::move(kept.begun)));
    WICK_CHECK(tell({.type = NoteType::forked, .seat = number, .value = kept.fork->pid}, std::array<int, 1>{kept.fork->own.get()}));
    return advance(number);
  }

  Result<> give_order(std::uint64_t number, Kept& kept) {
    const auto given = [&]() -> Result<> {
      WICK_TRY(const Request request, decode_request(kept.order));
      const auto* order = std::get_if<Fork>(&request);
      if (order == nullptr) return fail(Errc::internal, "not an order");
      if (needs_equipment(*order, plan_.tmp_bytes)) WICK_CHECK(forker_.equip(*kept.seat, *order));
      return warden::give_order(kept.fork->own.get(), *order, kept.order_descriptors);
    }();
    explicit_bzero(kept.order.data(), kept.order.size());
    if (!given) {
      tell_failure(number, given.error());
      return {};
    }
    WICK_CHECK(tell({.type = NoteType::begun, .seat = number}));
    kept_.erase(number);
    return {};
  }

  Result<> tell(const Note& note, std::span<const int> descriptors = {}) { return send_packet(socket_, encode_note(note), descriptors, Wait::yes); }

  void tell_failure(std::uint64_t number, const Error& error) {
    kept_.erase(number);
    const Note note{.type = NoteType::failed, .seat = number, .value = static_cast<std::int32_t>(error.code)};
    (void)send_packet(socket_, encode_note(note, std::string_view(error.message).substr(0, kTextMax)), {}, Wait::yes);
  }

  const KeeperPlan& plan_;
  int socket_;
  UniqueFd proc_;
  TemplatePlace place_;
  Forker forker_;
  bool awaits_parking_ = true;
  std::unordered_map<std::uint64_t, Kept> kept_;
  std::optional<std::uint64_t> unfinished_;  // whose fork has begun last, and may not be there yet
  std::deque<std::uint64_t> ordered_;        // seats that nobody makes yet
  std::array<Maker, kMakersMax> makers_;     // the first one stays, others while there is much to do
  std::vector<char> buffer_ = std::vector<char>(kPacketMax + sizeof(Note));
};

Result<> keep(const KeeperPlan& plan, const UniqueFd& parent, int socket) {
  signal(SIGCHLD, SIG_DFL);  // the warden has it ignored
  WICK_CHECK(die_with(parent));
  close_all_but({plan.control, socket, plan.host.warden.get(), plan.host.outside.descriptor()}, STDERR_FILENO + 1);
  WICK_TRY(UniqueFd host, open_folder("/host"));
  WICK_TRY(UniqueFd proc, open_folder("/host/proc"));
  TemplatePlace place;
  WICK_TRY(place.user, open_namespace(proc.get(), plan.first_process, "user"));
  WICK_TRY(place.pid, open_namespace(proc.get(), plan.first_process, "pid"));
  WICK_TRY(place.mnt, open_namespace(proc.get(), plan.first_process, "mnt"));
  WICK_TRY(UniqueFd own_mounts, open_namespace(proc.get(), getpid(), "mnt"));
  return Keeping(plan, socket, std::move(proc), std::move(host), std::move(place), std::move(own_mounts)).run();
}

}  // namespace

std::string encode_note(const Note& note, std::string_view text) {
  return std::string(reinterpret_cast<const char*>(&note), sizeof(note)).append(text);
}

Result<std::string_view> decode_note(std::string_view packet, Note& note) {
  if (packet.size() < sizeof(note)) return fail(Errc::invalid_argument, "not a note of a keeper");
  std::memcpy(&note, packet.data(), sizeof(note));
  return packet.substr(sizeof(note));
}

Result<Keeper> start_keeper(const KeeperPlan& plan) {
  WICK_TRY(Pair sockets, make_socket_pair(SOCK_SEQPACKET));
  for (const int socket : {sockets.ours.get(), sockets.theirs.get()})
    (void)setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &kSocketBytes, sizeof(kSocketBytes));
  const pid_t pid = fork();
  if (pid < 0) return fail_errno("fork a keeper");
  if (pid == 0) {
    if (auto kept = keep(plan, plan.host.warden, sockets.theirs.get()); !kept) {
      fmt::print(stderr, "wick-warden: {}\n", kept.error().message);
      _exit(1);
    }
    _exit(0);
  }
  UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!process) return fail_errno("open a keeper's pidfd");
  return Keeper{.process = std::move(process), .socket = std::move(sockets.ours)};
}

}  // namespace wick::sandbox::warden
