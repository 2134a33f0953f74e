#include "sandbox/warden/template.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "sandbox/warden/fork.h"
#include "sandbox/warden/packet.h"

namespace wick::sandbox::warden {
namespace {

constexpr std::size_t kUnknownEndsMax = 64;
constexpr Millis kUnknownEndAgeMax{1000 * (2 * kForkMaxSeconds + 1)};  // by then a fork has been heard of
constexpr int kLost = SIGKILL;                                         // the status of one whose own nobody has seen

}  // namespace

Result<std::unique_ptr<Template>> Template::open(const Host& host, Slots& slots, std::size_t slot, const TemplateTraits& traits) {
  std::unique_ptr<Template> made(new Template(host, slots, slot, traits));
  const UniqueFd control = slots.at(slot)->take_control();
  WICK_TRY(made->keeper_, start_keeper({.host = host,
                                        .first_process = slots.at(slot)->first_process(),
                                        .control = control.get(),
                                        .user = user_of(host, slot),
                                        .tmp_bytes = traits.limits.tmp_bytes,
                                        .network = traits.network,
                                        .has_package = traits.has_package}));
  if (traits.has_package) {
    WICK_TRY(made->share_, host.cgroups->make_share(fmt::format("share-{}", slots.at(slot)->id())));
  }
  made->calm_since_ = Clock::system().monotonic();
  return made;
}

Result<std::size_t> Template::fork(const Fork& request, std::string_view packet, std::string cgroup) {
  if (is_ending()) return fail(Errc::unavailable, "the template is gone");
  if (traits_.has_package != request.package.empty()) return fail(Errc::invalid_argument, "a package is for templates without one, which need it");
  calm_since_ = Clock::system().monotonic();
  stocking_ = true;
  const auto is_made = [](const Free& free) { return free.stage != Stage::ordered; };
  if (std::ranges::none_of(free_, is_made)) seats_wanted_ = std::min(2 * seats_wanted_, kSeatsMax);
  auto chosen = furthest();
  while (chosen != free_.end() && chosen->own && wait_readable(chosen->own.get(), 0)) {  // it says nothing while it waits
    chosen->has_gone = true;
    chosen = furthest();
  }
  if (chosen == free_.end()) {
    WICK_CHECK(make_seat(std::move(cgroup)));
    chosen = std::prev(free_.end());
  }
  const Free seat = std::move(*chosen);
  free_.erase(chosen);
  if (auto ordered = order(seat, request, packet); !ordered) {
    (void)tell(NoteType::forget, seat.number);
    slots_.at(seat.slot)->come_to_nothing(std::move(ordered).error());
  }
  return seat.slot;
}

std::deque<Template::Free>::iterator Template::furthest() {
  const auto progress = [](const Free& free) { return free.has_gone ? -1 : static_cast<int>(free.stage); };
  const auto found = std::ranges::max_element(free_, {}, progress);
  return found == free_.end() || found->has_gone ? free_.end() : found;
}

Result<> Template::order(const Free& seat, const Fork& request, std::string_view packet) {
  WICK_TRY(auto ends, slots_.at(seat.slot)->start(request));
  if (!seat.own || needs_equipment(request, traits_.limits.tmp_bytes)) {
    std::vector<UniqueFd> sent;
    for (UniqueFd& end : ends) sent.push_back(std::move(end));
    WICK_CHECK(tell(NoteType::fork, seat.number, packet, sent));
    taken_[seat.number] = seat.slot;
    return {};
  }
  WICK_CHECK(give_order(seat.own.get(), request, ends));
  begun_.push_back(seat.number);
  slots_.at(seat.slot)->forked();
  return {};
}

Result<> Template::make_seat(std::string cgroup) {
  for (const std::uint64_t begun : std::exchange(begun_, {})) (void)tell(NoteType::forget, begun);
  const std::uint64_t number = next_number_++;
  std::vector<UniqueFd> doors;
  auto slot = slots_.add([&](std::size_t) -> Result<std::unique_ptr<Instance>> {
    WICK_TRY(auto seat, Instance::prepare_seat(host_, cgroup, traits_.limits, share_));
    WICK_TRY(doors, seat->doors());
    return seat;
  });
  auto told = slot ? tell(NoteType::make, number, {}, doors) : Result<>();
  if (!slot || !told) {
    stocking_ = false;
    if (!slot) return std::unexpected(std::move(slot).error());
    slots_.remove(*slot);
    return told;
  }
  free_.push_back({.number = number, .slot = *slot, .stage = Stage::ordered, .own = UniqueFd(), .has_gone = false});
  return {};
}

bool Template::wants_fork() const {
  const auto is_made = [](const Free& free) { return free.stage == Stage::made; };
  const auto is_forked = [](const Free& free) { return free.stage > Stage::made; };
  return stocking_ && !is_ending() && std::ranges::any_of(free_, is_made) &&
         static_cast<std::size_t>(std::ranges::count_if(free_, is_forked)) < seats_wanted_ / 2;
}

void Template::fork_ahead() {
  const auto next = std::ranges::find(free_, Stage::made, &Free::stage);
  next->stage = Stage::forking;
  if (!tell(NoteType::ahead, next->number)) stocking_ = false;
}

Result<> Template::tell(NoteType type, std::uint64_t seat, std::string_view text, const std::vector<UniqueFd>& descriptors) {
  std::string note = encode_note({.type = type, .seat = seat}, text);
  auto sent = send_packet(keeper_.socket.get(), note, numbers_of(descriptors), Wait::no);
  explicit_bzero(note.data(), note.size());
  if (!sent) sent.error().code = Errc::unavailable;
  return sent;
}

Template::News Template::hear() {
  News news;
  std::array<char, sizeof(Note) + kTextMax> packet;
  while (!is_ending()) {
    std::vector<UniqueFd> descriptors;
    const auto size = receive_packet(keeper_.socket.get(), packet, &descriptors, Wait::no);
    if (!size && size.error().code == Errc::unavailable) return news;
    Note note;
    const auto text = size ? decode_note({packet.data(), *size}, note) : Result<std::string_view>(fail(Errc::io, ""));
    if (!text) {
      slots_.at(slot_)->kill();
      news.push_back(slot_);
      std::ranges::copy(end(), std::back_inserter(news));
      return news;
    }
    take(note, *text, std::move(descriptors), news);
  }
  return news;
}

void Template::take(const Note& note, std::string_view text, std::vector<UniqueFd> descriptors, News& news) {
  const auto free = std::ranges::find(free_, note.seat, &Free::number);
  const auto taken = taken_.find(note.seat);
  if (free == free_.end() && taken == taken_.end()) return;  // it has been given up
  const std::size_t slot = free != free_.end() ? free->slot : taken->second;
  Instance* instance = slots_.at(slot);
  switch (note.type) {
    case NoteType::made: {
      if (descriptors.size() < 3) return;
      InstanceNetwork network{.ns = UniqueFd(), .runtime_api = std::move(descriptors[1]), .api = std::move(descriptors[2])};
      instance->take_seat(std::move(descriptors[0]), std::move(network), descriptors.size() > 3 ? std::move(descriptors[3]) : UniqueFd());
      if (free != free_.end()) free->stage = Stage::made;
      if (!slots_.watch(slot)) instance->kill();
      break;
    }
    case NoteType::forked:
      if (free != free_.end() && descriptors.size() == 1) {
        free->stage = Stage::forked;
        free->own = std::move(descriptors.front());
      }
      take_fork(slot, note.value, news);
      break;
    case NoteType::begun:
      taken_.erase(note.seat);
      instance->forked();
      news.push_back(slot);
      break;
    case NoteType::failed:
      if (free != free_.end()) {
        free_.erase(free);
        stocking_ = false;
        fmt::print(stderr, "wick-warden: {}\n", text);  // nobody else hears of it
      }
      taken_.erase(note.seat);
      instance->come_to_nothing({static_cast<Errc>(note.value), std::string(text)});
      news.push_back(slot);
      break;
    default:
      break;
  }
}

void Template::take_fork(std::size_t slot, pid_t pid, News& news) {
  if (pid == 0) return end_fork(slot, kLost, news);
  forget_old_ends();
  const auto known = std::ranges::find(unknown_ends_, pid, &UnknownEnd::pid);
  if (known == unknown_ends_.end()) {
    forks_[pid] = slot;
    return;
  }
  const int status = known->status;
  unknown_ends_.erase(known);
  end_fork(slot, status, news);
}

// Numbers of processes come again.
void Template::forget_old_ends() {
  const MonoTime oldest = Clock::system().monotonic() - kUnknownEndAgeMax;
  while (!unknown_ends_.empty() && (unknown_ends_.front().time < oldest || unknown_ends_.size() > kUnknownEndsMax)) unknown_ends_.pop_front();
}

void Template::end_fork(std::size_t slot, int status, News& news) {
  if (const auto free = std::ranges::find(free_, slot, &Free::slot); free != free_.end()) {
    if (!free->has_gone) stocking_ = false;
    discard(*free, {Errc::unavailable, "a fork has ended before its order"}, news);
    free_.erase(free);
  } else {
    slots_.at(slot)->ended(status);
    news.push_back(slot);
  }
}

void Template::discard(const Free& seat, const Error& error, News& news) {
  (void)tell(NoteType::forget, seat.number);
  slots_.at(seat.slot)->come_to_nothing(error);
  news.push_back(seat.slot);
}

// The keeper's news first: it tells of a fork before that can end, unless it ends by itself.
Template::News Template::take_child_ends() {
  News news = hear();
  for (const Instance::ChildEnd& end : slots_.at(slot_)->take_child_ends()) {
    if (const auto fork = forks_.find(end.pid); fork != forks_.end()) {
      const std::size_t slot = fork->second;
      forks_.erase(fork);
      end_fork(slot, end.status, news);
    } else {
      unknown_ends_.push_back({end, Clock::system().monotonic()});
      forget_old_ends();
    }
  }
  return news;
}

Template::News Template::end() {
  if (is_ending()) return {};
  (void)syscall(SYS_pidfd_send_signal, keeper_.process.get(), SIGKILL, nullptr, 0);
  keeper_ = {};
  News news;
  for (const auto& [number, slot] : taken_) news.push_back(slot);
  for (const Free& free : free_) news.push_back(free.slot);
  for (const std::size_t slot : news) slots_.at(slot)->come_to_nothing({Errc::unavailable, "the template is gone"});
  taken_.clear();
  free_.clear();
  return news;
}

void Template::forget(std::size_t slot) {
  const auto taken = std::ranges::find(taken_, slot, [](const auto& entry) { return entry.second; });
  if (taken != taken_.end()) {
    if (!is_ending()) (void)tell(NoteType::forget, taken->first);
    taken_.erase(taken);
  }
  if (const auto free = std::ranges::find(free_, slot, &Free::slot); free != free_.end()) {
    stocking_ = false;
    if (!is_ending()) (void)tell(NoteType::forget, free->number);
    free_.erase(free);
  }
  std::erase_if(forks_, [slot](const auto& fork) { return fork.second == slot; });
}

Template::News Template::shrink(MonoTime now) {
  if (!has_many_seats() || now < calm_since_ + kCalm) return {};
  calm_since_ = now;
  seats_wanted_ = std::max(seats_wanted_ / 2, kSeatsMin);
  News news;
  while (true) {
    // The youngest of those that wait as forks, where too many do, or else of mere seats.
    const bool many_forks = static_cast<std::size_t>(std::ranges::count(free_, Stage::forked, &Free::stage)) > seats_wanted_ / 2;
    if (!many_forks && free_.size() <= seats_wanted_) break;
    const Stage stage = many_forks ? Stage::forked : Stage::made;
    const auto last = std::find_if(free_.rbegin(), free_.rend(), [stage](const Free& free) { return free.stage == stage; });
    if (last == free_.rend()) break;
    discard(*last, {Errc::unavailable, "not needed"}, news);
    free_.erase(std::next(last).base());
  }
  return news;
}

}  // namespace wick::sandbox::warden
