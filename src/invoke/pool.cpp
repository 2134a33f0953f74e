#include "invoke/pool.h"

#include <algorithm>
#include <utility>

namespace wick::invoke {
namespace {

using namespace std::chrono_literals;

constexpr auto kLong = 100ms;  // a run that nobody waits for the end of any more

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
  std::erase(in_use_, instance);
  in_use_.push_back(instance);
  instance->take();
  return instance;
}

void Pool::give_back(const InstancePtr& instance) {
  instance->give_back();
  if (instance->calls() == 0) std::erase(in_use_, instance);
}

void Pool::put(const InstancePtr& instance) {
  Free& free = free_of(instance->kind());
  if (max_concurrency_ > 1) {
    std::erase(free.idle, instance);
    std::erase(free.shared, instance);
  }
  if (instance->free_places() > 0) (instance->calls() > 0 ? free.shared : free.idle).push_back(instance);
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
  const MonoTime since = clock_.monotonic() - kLong;
  Pace::Load out{waiters_.size(), 0, starting};
  for (auto one = in_use_.rbegin(); one != in_use_.rend() && (*one)->taken_at() > since; ++one) {
    if ((*one)->phase() != Phase::init && (*one)->free_places() == 0) ++out.busy;
  }
  return out;
}

bool Pool::is_crowded() const { return pace_.runs_are_short() && pace_.is_crowded(load()); }

std::optional<Pace::Micros> Pool::patience(StartLevel level, bool contended) const {
  if (!pace_.runs_are_shorter_than_start(level)) return std::nullopt;
  return pace_.patience(level, load(), contended);
}

bool Pool::holds_back(bool contended) const { return pace_.runs_are_short() && pace_.holds_back(load(), contended); }

bool Pool::grow() {
  const MonoTime now = clock_.monotonic();
  if (now - grew_at_ < Pace::kHoldBack) return false;
  grew_at_ = now;
  return true;
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
