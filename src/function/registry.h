#pragma once
// What is deployed, durably: functions with their versions, aliases, policies, tags, concurrency, URL and event-invoke settings, and
// layers. A layer over kv/; every change is one synced transaction, so it is there wholly or not at all.
//
// resolve(), find_url() and event_invoke_config() stand on an invocation's way: they answer from memory once a thing has been asked
// for, and a change through this registry is seen by the next call. Everything else reads and writes kv/ and may block.
// Thread-safe.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "function/version.h"
#include "kv/store.h"

namespace wick::function {

enum class UrlAuth { none, aws_iam };
enum class UrlInvokeMode { buffered, response_stream };

struct Cors {
  bool allow_credentials = false;
  std::vector<std::string> allow_headers;
  std::vector<std::string> allow_methods;
  std::vector<std::string> allow_origins;
  std::vector<std::string> expose_headers;
  std::optional<std::uint32_t> max_age_s;
};

// A function URL, of $LATEST or of an alias.
struct UrlConfig {
  std::string url_id;  // 32 lower-case letters and digits: the first label of the host name
  FunctionName function;
  std::string qualifier;  // alias name; empty for $LATEST
  UrlAuth auth = UrlAuth::none;
  UrlInvokeMode mode = UrlInvokeMode::buffered;
  std::optional<Cors> cors;
  std::string created;   // 2026-01-02T03:04:05.678901Z
  std::string modified;
};

// How event (asynchronous) invocations of one qualifier are retried and where their outcome goes. Unset members mean the default.
struct EventInvokeConfig {
  std::optional<std::uint32_t> retries_max;    // 0-2, default 2
  std::optional<std::uint32_t> event_age_max_s;  // 60-21600, default 21600
  std::string on_success_arn;
  std::string on_failure_arn;
  WallTime modified;
};

// What one call of NAME:QUALIFIER runs.
struct Target {
  VersionPtr version;
  std::string qualifier;    // as asked for: empty, $LATEST, a number or an alias
  std::string invoked_arn;  // with the qualifier, if one was given
};

class Registry {
 public:
  // store and clock outlive the registry. region and account are those of every ARN.
  static Result<std::unique_ptr<Registry>> open(kv::Store& store, const Clock& clock, Random& random, std::string region, std::string account);
  ~Registry();

  const std::string& region() const;
  const std::string& account() const;
  std::string arn(const FunctionName& name, const std::string& qualifier = {}) const;

  // qualifier: empty and $LATEST mean $LATEST; an alias with weighted routing is drawn by random. Error: not_found.
  Result<Target> resolve(const FunctionName& name, const std::string& qualifier, Random& random);
  Result<UrlConfig> find_url(const std::string& url_id);
  EventInvokeConfig event_invoke_config(const FunctionName& name, const std::string& qualifier);

 private:
  class Impl;
  explicit Registry(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wick::function
