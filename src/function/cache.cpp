#include "function/cache.h"

#include <utility>

namespace wick::function {
namespace {

template <class Map>
std::optional<typename Map::mapped_type> look_up(const Map& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

std::uint64_t Cache::epoch() const {
  const std::scoped_lock lock(mutex_);
  return epoch_;
}

void Cache::drop(const FunctionName& name) {
  const std::scoped_lock lock(mutex_);
  ++epoch_;
  const auto found = functions_.find(name);
  if (found == functions_.end()) return;
  for (const auto& id : found->second.url_ids) urls_.erase(id);
  functions_.erase(found);
}

std::optional<Route> Cache::route(const FunctionName& name, const std::string& qualifier) const {
  const std::scoped_lock lock(mutex_);
  const auto found = functions_.find(name);
  return found == functions_.end() ? std::nullopt : look_up(found->second.routes, qualifier);
}

void Cache::put_route(std::uint64_t epoch, const FunctionName& name, const std::string& qualifier, Route route) {
  const std::scoped_lock lock(mutex_);
  if (epoch == epoch_) functions_[name].routes[qualifier] = std::move(route);
}

std::optional<EventInvokeConfig> Cache::event_invoke(const FunctionName& name, const std::string& qualifier) const {
  const std::scoped_lock lock(mutex_);
  const auto found = functions_.find(name);
  return found == functions_.end() ? std::nullopt : look_up(found->second.event_invoke, qualifier);
}

void Cache::put_event_invoke(std::uint64_t epoch, const FunctionName& name, const std::string& qualifier, EventInvokeConfig config) {
  const std::scoped_lock lock(mutex_);
  if (epoch == epoch_) functions_[name].event_invoke[qualifier] = std::move(config);
}

std::optional<UrlConfig> Cache::url(const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  return look_up(urls_, id);
}

void Cache::put_url(std::uint64_t epoch, UrlConfig config) {
  const std::scoped_lock lock(mutex_);
  if (epoch != epoch_) return;
  functions_[config.function].url_ids.push_back(config.url_id);
  urls_[config.url_id] = std::move(config);
}

}  // namespace wick::function
