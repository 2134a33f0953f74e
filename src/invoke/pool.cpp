#include "invoke/pool.h"

#include <algorithm>
#include <utility>

namespace wick::invoke {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto kRecent = 50ms;    // a call that may still turn out to be short
constexpr auto kLetAhead = 25ms;  // between calls that are let ahead
constexpr auto kSoon = 1ms;       // ... when nothing holds them back any more

}  // namespace

void Pool::remove(const InstancePtr& instance) {
  Free& free = free_of(instance->kind());
  std::erase(free.idle, instance);
  std::erase(free.shared, instance);
  std::erase(all_, instance);
  std::erase(in_use_, instance);
  changed_.notify();
}

void Pool::add_taken(const InstancePtr& instance) {
  add(instance);
  taken(instance);
}

InstancePtr Pool::take() {
  for (Free& free : free_) {
    if (InstancePtr instance = find_shared(free.shared)) return taken(std::move(instance));
    while (!free.idle.empty()) {
      InstancePtr instance = std::move(free.idle.back());
      free.idle.pop_back();
      if (instance->free_places() == 0) continue;
      taken(instance);
      if (instance->free_places() > 0) free.shared.push_back(instance);
      return instance;
    }
  }
  return nullptr;
}

InstancePtr Pool::find_shared(std::vector<InstancePtr>& shared) {
  std::erase_if(shared, [](const InstancePtr& one) { return one->free_places() == 0; });
  const auto busiest = std::ranges::max_element(shared, {}, &Instance::calls);
  return busiest == shared.end() ? nullptr : *busiest;
}

bool Pool::give(const InstancePtr& instance) {
  Waiters& longest = waiters_.size() > 0 ? waiters_ : start_waiters_;
  if (longest.size() == 0) return false;
  return longest.give(taken(instance));
}

InstancePtr Pool::taken(InstancePtr instance) {
  if (instance->calls() == 0) {
    std::erase(in_use_, instance);
    in_use_.push_back(instance);
  }
  instance->take();
  return instance;
}

void Pool::put(const InstancePtr& instance) {
  Free& free = free_of(instance->kind());
  if (max_concurrency_ > 1) {
    std::erase(free.idle, instance);
    std::erase(free.shared, instance);
  }
  if (instance->free_places() == 0) return;
  if (instance->calls() > 0) return free.shared.push_back(instance);
  free.idle.push_back(instance);
  std::erase(in_use_, instance);
}

void Pool::release_waiters() {
  waiters_.release_all();
  start_waiters_.release_all();
}

bool Pool::has_free_provisioned() const {
  const auto has_place = [](const InstancePtr& one) { return one->free_places() > 0; };
  return std::ranges::any_of(free_[0].shared, has_place) || std::ranges::any_of(free_[0].idle, has_place);
}

std::vector<InstancePtr> Pool::idle() const {
  std::vector<InstancePtr> out;
  for (const Free& free : free_) out.insert(out.end(), free.idle.begin(), free.idle.end());
  return out;
}

Pace::Load Pool::load() const {
  const MonoTime since = clock_.monotonic() - kRecent;
  const auto is_busy = [since](const InstancePtr& one) {
    return one->last_call_at() > since && one->phase() != Phase::init && one->usable() && one->free_places() == 0;
  };
  return {waiters_.size(), static_cast<std::size_t>(std::ranges::count_if(in_use_, is_busy)), starting_};
}

// What Pace asks first costs less than the load.
bool Pool::is_crowded() const { return pace_.runs_are_short() && pace_.is_crowded(load()); }

bool Pool::holds_back() const { return pace_.can_hold_back() && pace_.holds_back(load(), contention_.is_high()); }

std::optional<Pace::Patience> Pool::patience(StartLevel level) const {
  if (!pace_.can_wait(level)) return std::nullopt;
  return pace_.patience(level, load(), contention_.is_high());
}

asio::awaitable<InstancePtr> Pool::wait(MonoTime since, MonoTime until, bool held_back) {
  if (held_back && held_back_++ == 0) let_ahead_due_.set(clock_.monotonic() + kLetAhead);
  InstancePtr instance = co_await waiters_.wait(since, until);
  if (held_back) --held_back_;
  co_return instance;
}

void Pool::on_let_ahead_due() {
  if (held_back_ == 0) return;
  let_ahead_due_.set(clock_.monotonic() + (holds_back() ? kLetAhead : kSoon));
  // While many start nobody is let ahead, even if runs seem long: an instance's first ones are its slowest.
  if (!pace_.many_start(starting_)) let_ahead();
}

void Pool::let_ahead() {
  if (waiters_.size() > 0) waiters_.release_beyond(waiters_.size() - 1);
}

void Pool::start_ended() {
  --starting_;
  start_waiters_.release_beyond(places_in_starts());
  // As long as runs may be long, no processor is left without a start.
  if (held_back_ > 0 && !pace_.runs_are_short() && !pace_.many_start(starting_)) let_ahead();
}

std::uint32_t Pool::provisioned() const {
  return static_cast<std::uint32_t>(
      std::ranges::count_if(all_, [](const InstancePtr& one) { return one->kind() == Instance::Kind::provisioned && one->usable(); }));
}

std::uint32_t Pool::provisioned_ready() const {
  return static_cast<std::uint32_t>(std::ranges::count_if(
      all_, [](const InstancePtr& one) { return one->kind() == Instance::Kind::provisioned && one->phase() != Phase::init && one->usable(); }));
}

}  // namespace wick::invoke
