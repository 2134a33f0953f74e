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

#include "sandbox/warden/packet.h"

namespace wick::sandbox::warden {
namespace {

constexpr std::size_t kUnknownEndsMax = 64;
constexpr int kLost = SIGKILL;  // the status of one whose own nobody has seen

}  // namespace

Result<std::unique_ptr<Template>> Template::open(const Host& host, Slots& slots, std::size_t slot, const TemplateTraits& traits) {
  std::unique_ptr<Template> made(new Template(host, slots, slot, traits));
  const UniqueFd control = slots.at(slot)->take_control();
  WICK_TRY(made->keeper_, start_keeper({.host = host,
                                        .first_process = slots.at(slot)->first_process(),
                                        .control = control.get(),
                                        .user = user_of(host, slot),
                                        .tmp_bytes = traits.limits.tmp_bytes,
                                        .network = traits.network}));
  made->calm_since_ = Clock::system().monotonic();
  return made;
}

Result<std::size_t> Template::fork(const Fork& request, std::string_view packet, std::string cgroup) {
  if (is_ending()) return fail(Errc::unavailable, "the template is gone");
  if (traits_.has_package != request.package.empty()) return fail(Errc::invalid_argument, "a package is for templates without one, which need it");
  calm_since_ = Clock::system().monotonic();
  stocking_ = true;
  if (free_.empty() || !free_.front().made) seats_wanted_ = std::min(2 * seats_wanted_, kSeatsMax);
  if (free_.empty()) WICK_CHECK(make_seat(std::move(cgroup)));
  const std::size_t slot = free_.front().slot;
  free_.pop_front();
  taken_.insert(slot);
  auto ends = slots_.at(slot)->start(request);
  if (!ends) {
    slots_.at(slot)->come_to_nothing(ends.error());
    return slot;
  }
  std::vector<UniqueFd> sent;
  for (UniqueFd& end : *ends) sent.push_back(std::move(end));
  if (auto told = tell(NoteType::fork, slot, packet, sent); !told) slots_.at(slot)->come_to_nothing(std::move(told).error());
  return slot;
}

Result<> Template::make_seat(std::string cgroup) {
  auto slot = order_seat(std::move(cgroup));
  if (!slot) {
    stocking_ = false;
    return std::unexpected(std::move(slot).error());
  }
  free_.push_back({.slot = *slot});
  return {};
}

Result<std::size_t> Template::order_seat(std::string cgroup) {
  std::vector<UniqueFd> doors;
  WICK_TRY(const std::size_t slot, slots_.add([&](std::size_t) -> Result<std::unique_ptr<Instance>> {
    WICK_TRY(auto seat, Instance::prepare_seat(host_, cgroup, traits_.limits));
    WICK_TRY(doors, seat->doors());
    return seat;
  }));
  if (auto told = tell(NoteType::make, slot, {}, doors); !told) {
    slots_.remove(slot);
    return std::unexpected(std::move(told).error());
  }
  return slot;
}

Result<> Template::tell(NoteType type, std::size_t slot, std::string_view text, const std::vector<UniqueFd>& descriptors) {
  std::vector<int> numbers;
  for (const UniqueFd& fd : descriptors) numbers.push_back(fd.get());
  std::string note = encode_note({.type = type, .seat = static_cast<std::uint32_t>(slot)}, text);
  auto sent = send_packet(keeper_.socket.get(), note, numbers, Wait::no);
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
  Instance* instance = slots_.at(note.seat);
  const auto free = std::ranges::find(free_, note.seat, &Free::slot);
  if (instance == nullptr || (free == free_.end() && !taken_.contains(note.seat))) return;
  switch (note.type) {
    case NoteType::made: {
      if (descriptors.size() < 3) return;
      InstanceNetwork network{.ns = UniqueFd(), .runtime_api = std::move(descriptors[1]), .api = std::move(descriptors[2])};
      instance->take_seat(std::move(descriptors[0]), std::move(network), descriptors.size() > 3 ? std::move(descriptors[3]) : UniqueFd());
      if (free != free_.end()) free->made = true;
      if (!slots_.watch(note.seat)) instance->kill();
      break;
    }
    case NoteType::forked:
      begin_fork(note.seat, note.value, news);
      break;
    case NoteType::failed:
      if (free != free_.end()) {
        free_.erase(free);
        stocking_ = false;
        fmt::print(stderr, "wick-warden: {}\n", text);  // nobody else hears of it
      }
      taken_.erase(note.seat);
      instance->come_to_nothing({static_cast<Errc>(note.value), std::string(text)});
      news.push_back(note.seat);
      break;
    default:
      break;
  }
}

void Template::begin_fork(std::size_t slot, pid_t pid, News& news) {
  taken_.erase(slot);
  slots_.at(slot)->forked();
  news.push_back(slot);
  const auto known = std::ranges::find(unknown_ends_, pid, &Instance::ChildEnd::pid);
  if (pid == 0 || known != unknown_ends_.end())
    slots_.at(slot)->ended(pid == 0 ? kLost : known->status);
  else
    running_[pid] = slot;
  unknown_ends_.clear();  // none is of a fork that comes later: it begins after this news
}

// The keeper's news first: it tells of a fork before that can end, unless it ends by itself.
Template::News Template::take_child_ends() {
  News news = hear();
  for (const Instance::ChildEnd& end : slots_.at(slot_)->take_child_ends()) {
    if (const auto running = running_.find(end.pid); running != running_.end()) {
      slots_.at(running->second)->ended(end.status);
      news.push_back(running->second);
      running_.erase(running);
    } else {
      unknown_ends_.push_back(end);
      if (unknown_ends_.size() > kUnknownEndsMax) unknown_ends_.pop_front();
    }
  }
  return news;
}

Template::News Template::end() {
  if (is_ending()) return {};
  (void)syscall(SYS_pidfd_send_signal, keeper_.process.get(), SIGKILL, nullptr, 0);
  keeper_ = {};
  News news(taken_.begin(), taken_.end());
  for (const Free& free : free_) news.push_back(free.slot);
  for (const std::size_t slot : news) slots_.at(slot)->come_to_nothing({Errc::unavailable, "the template is gone"});
  taken_.clear();
  free_.clear();
  return news;
}

void Template::forget(std::size_t slot) {
  taken_.erase(slot);
  std::erase_if(free_, [slot](const Free& free) { return free.slot == slot; });
  std::erase_if(running_, [slot](const auto& running) { return running.second == slot; });
}

Template::News Template::shrink(MonoTime now) {
  if (!has_many_seats() || now < calm_since_ + kCalm) return {};
  calm_since_ = now;
  seats_wanted_ = std::max(seats_wanted_ / 2, kSeatsMin);
  News news;
  while (free_.size() > seats_wanted_ && free_.back().made) {
    const std::size_t slot = free_.back().slot;
    free_.pop_back();
    (void)tell(NoteType::forget, slot);
    slots_.at(slot)->come_to_nothing({Errc::unavailable, "not needed"});
    news.push_back(slot);
  }
  return news;
}

}  // namespace wick::sandbox::warden
