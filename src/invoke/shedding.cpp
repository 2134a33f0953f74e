// What goes when memory is short: idle instances first, least recently used ones before others, then templates. Their next calls cost a
// start; running ones are left alone.
#include <algorithm>

#include "invoke/engine_impl.h"

namespace wick::invoke {
namespace {

constexpr int kIdleShrink = 20;           // how much less idle time is left to instances when memory is low
constexpr std::size_t kEndedAtLeast = 8;  // per reading, or half of those there are: the next reading shows what it gave

}  // namespace

// Says whether there is anything to go on for.
bool Engine::Impl::shed(MemoryPressure::Level level) {
  using Level = MemoryPressure::Level;
  if (stopping_) return false;
  starts_.hold(level == Level::exhausted);
  std::vector<InstancePtr> idle = resting();
  if (level == Level::low) {
    const MonoTime since = site_->clock.monotonic() - site_->options.idle_timeout / kIdleShrink;
    for (const InstancePtr& instance : idle) {
      if (instance->resting_since() <= since) instance->end();
    }
  } else if (level >= Level::scarce) {
    idle.resize(std::min(idle.size(), std::max(kEndedAtLeast, idle.size() / 2)));
    for (const InstancePtr& instance : idle) instance->end();
    if (idle.empty()) templates_->drop_least_used();
  }
  return !pools_.empty() || templates_->has_droppable();
}

// Idle instances on demand, least recently used first.
std::vector<InstancePtr> Engine::Impl::resting() const {
  std::vector<InstancePtr> out;
  for (const auto& [generation, pool] : pools_) {
    for (const InstancePtr& instance : pool->idle()) {
      if (instance->kind() == Instance::Kind::on_demand && instance->usable()) out.push_back(instance);
    }
  }
  std::ranges::sort(out, {}, &Instance::resting_since);
  return out;
}

}  // namespace wick::invoke
