#pragma once
// What resolve(), find_url() and event_invoke_config() have been asked for, by function, so that an invocation does not read kv/.
//
// A change drops all of its function's entries after its commit. A reader that read before that commit and puts after it would
// bring the old state back; so put() takes the epoch from before the reading, and does nothing when a drop came in between.
// Thread-safe. Bounded by what is deployed: only things that exist are kept.
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "function/registry.h"

namespace wick::function {

// Where the calls of one qualifier go.
struct Route {
  VersionPtr first;
  VersionPtr second;    // of an alias with a weight; null otherwise
  double weight = 0.0;  // share of second
};

class Cache {
 public:
  std::uint64_t epoch() const;
  void drop(const FunctionName& name);

  std::optional<Route> route(const FunctionName& name, const std::string& qualifier) const;
  void put_route(std::uint64_t epoch, const FunctionName& name, const std::string& qualifier, Route route);
  std::optional<EventInvokeConfig> event_invoke(const FunctionName& name, const std::string& qualifier) const;
  void put_event_invoke(std::uint64_t epoch, const FunctionName& name, const std::string& qualifier, EventInvokeConfig config);
  std::optional<UrlConfig> url(const std::string& id) const;
  void put_url(std::uint64_t epoch, UrlConfig config);

 private:
  struct Entry {
    std::unordered_map<std::string, Route> routes;
    std::unordered_map<std::string, EventInvokeConfig> event_invoke;
    std::vector<std::string> url_ids;
  };
  mutable std::mutex mutex_;
  std::uint64_t epoch_ = 0;
  std::unordered_map<FunctionName, Entry> functions_;
  std::unordered_map<std::string, UrlConfig> urls_;
};

}  // namespace wick::function
