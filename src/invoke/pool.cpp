#include "invoke/pool.h"

#include <algorithm>
#include <utility>

namespace wick::invoke {

void Pool::remove(const InstancePtr& instance) {
  std::erase(idle_list(instance->kind()), instance);
  std::erase(all_, instance);
  changed_.notify();
}

InstancePtr Pool::take() {
  for (auto& list : idle_) {
    while (!list.empty()) {
      InstancePtr instance = std::move(list.back());
      list.pop_back();
      if (instance->usable()) return instance;
    }
  }
  return nullptr;
}

bool Pool::has_idle_provisioned() const {
  return std::ranges::any_of(idle_[0], [](const InstancePtr& one) { return one->usable(); });
}

void Pool::put(InstancePtr instance) {
  auto& list = idle_list(instance->kind());
  list.push_back(std::move(instance));
}

std::vector<InstancePtr> Pool::idle() const {
  std::vector<InstancePtr> out;
  for (const auto& list : idle_) out.insert(out.end(), list.begin(), list.end());
  return out;
}

Pace::Load Pool::load() const {
  const std::size_t not_busy = idle_[0].size() + idle_[1].size() + starting;
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
