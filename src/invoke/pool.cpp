#include "invoke/pool.h"

#include <algorithm>
#include <utility>

namespace wick::invoke {

void Pool::remove(const InstancePtr& instance) {
  Free& free = free_of(instance->kind());
  std::erase(free.idle, instance);
  std::erase(free.shared, instance);
  std::erase(all_, instance);
  changed_.notify();
}

InstancePtr Pool::take() {
  for (Free& free : free_) {
    if (InstancePtr instance = take_shared(free.shared)) return instance;
    while (!free.idle.empty()) {
      InstancePtr instance = std::move(free.idle.back());
      free.idle.pop_back();
      if (instance->free_places() == 0) continue;
      instance->take();
      if (instance->free_places() > 0) free.shared.push_back(instance);
      return instance;
    }
  }
  return nullptr;
}

InstancePtr Pool::take_shared(std::vector<InstancePtr>& shared) {
  std::erase_if(shared, [](const InstancePtr& one) { return one->free_places() == 0; });
  const auto busiest = std::ranges::max_element(shared, {}, &Instance::calls);
  if (busiest == shared.end()) return nullptr;
  (*busiest)->take();
  return *busiest;
}

bool Pool::give(const InstancePtr& instance) {
  Waiters& longest = waiters_.size() > 0 ? waiters_ : start_waiters_;
  if (longest.size() == 0) return false;
  instance->take();
  return longest.give(instance);
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
  std::size_t not_busy = starting;
  for (const Free& free : free_) not_busy += free.idle.size() + free.shared.size();
  return {waiters_.size(), all_.size() - std::min(all_.size(), not_busy), starting};
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
