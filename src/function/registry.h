#pragma once
// What is deployed, durably: functions with their versions, aliases, policies, tags, concurrency, URL and event-invoke settings, and
// layers. A layer over kv/; every change is one synced transaction, so it is there wholly or not at all.
//
// resolve(), find_url() and event_invoke_config() stand on an invocation's way: they answer from memory once a thing has been asked
// for, and a change through this registry is seen by the next call. Everything else reads and writes kv/ and may block.
// Thread-safe. Methods are grouped by the kind of record, one .cpp file each.
//
// Errors everywhere: not_found, already_exists (the name is taken, or the thing's state forbids the change now), failed_precondition
// (a stale revision id), invalid_argument, io; messages are worded as AWS words them.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "function/alias.h"
#include "function/head.h"
#include "function/layer.h"
#include "function/policy.h"
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
  bool mode_given = false;  // AWS shows the mode of a new URL only when it was given
  std::optional<Cors> cors;
  std::string created;  // 2026-01-02T03:04:05.678901Z
  std::string modified;
};

// How event (asynchronous) invocations of one qualifier are retried and where their outcome goes. Unset members mean the default.
struct EventInvokeConfig {
  std::optional<std::uint32_t> retries_max;      // 0-2, default 2
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

struct UrlChange {  // unset members stay as they are
  std::optional<UrlAuth> auth;
  std::optional<UrlInvokeMode> mode;
  std::optional<Cors> cors;
};

struct Provisioned {
  FunctionName function;
  std::string qualifier;  // a version number or an alias
  std::string version;    // the number that the qualifier stands for now
  std::uint32_t requested = 0;
  std::string modified;  // 2026-01-02T03:04:05+0000
};

struct ConcurrencyLimits {
  std::uint32_t account = 1000;        // concurrent executions of all functions
  std::uint32_t unreserved_min = 100;  // what reservations must leave for the others
};

struct Usage {
  std::uint64_t functions = 0;
  std::uint64_t code_bytes = 0;  // of all versions and layers, zipped
  std::uint32_t reserved = 0;    // concurrency that is not for everyone: reserved, or provisioned without a reservation
};

struct PublishRequest {
  std::optional<std::string> description;  // instead of $LATEST's own
  std::string code_sha256;                 // base64; the code must be this one; empty for any
  std::string revision_id;                 // $LATEST must be at this revision; empty for any
};

enum class Publish { no, yes };
enum class Which { latest, all };  // versions in a list

// One page of a list. next_marker is empty at the end; it is opaque and stays valid while records come and go.
template <class T>
struct Page {
  std::vector<T> items;
  std::string next_marker;
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
  // resolve() without kv/: nullopt when it is not in memory. Never blocks.
  std::optional<Target> resolve_cached(const FunctionName& name, const std::string& qualifier, Random& random);

  // --- functions (functions.cpp). version, generation, states, revision and time are the registry's to set.
  // Pending until activated(); with Publish::yes also version 1, or the next number, and that is returned.
  Result<VersionPtr> create(Version latest, Tags tags, Publish publish);
  // Changes $LATEST by change(), whose error leaves everything as it was. Its update is in progress until activated().
  Result<VersionPtr> update(const FunctionName& name, const std::string& revision_id, const std::function<Result<>(Version&)>& change,
                            Publish publish);
  Result<> remove(const FunctionName& name);  // with everything that belongs to it
  Result<> set_recursive_loop(const FunctionName& name, const std::string& value);
  Result<Head> head(const FunctionName& name);
  // What is at a qualifier; an alias gives its own version, whatever its weights.
  Result<VersionPtr> find(const FunctionName& name, const std::string& qualifier);
  Result<Page<VersionPtr>> list(Which which, const std::string& marker, std::size_t limit);

  // --- activation (activation.cpp): from pending to active once the package is prepared.
  Result<std::vector<VersionPtr>> pending();
  // The version, if it is still at this generation, becomes active, or failed for the reason given.
  Result<> activated(const Version& version, const Result<>& prepared);
  // Of $LATEST and every published version.
  Result<std::vector<std::string>> generations(const FunctionName& name);

  // --- versions (versions.cpp)
  Result<VersionPtr> publish(const FunctionName& name, const PublishRequest& request);
  Result<> remove_version(const FunctionName& name, const std::string& version);  // one that does not exist is no error
  Result<Page<VersionPtr>> list_versions(const FunctionName& name, const std::string& marker, std::size_t limit);

  // --- aliases (aliases.cpp)
  Result<Alias> create_alias(const FunctionName& name, Alias alias);
  Result<Alias> update_alias(const FunctionName& name, const std::string& alias, const AliasChange& change);
  Result<Alias> alias(const FunctionName& name, const std::string& alias);
  Result<> remove_alias(const FunctionName& name, const std::string& alias);  // one that does not exist is no error
  // version: only aliases of that version; empty for all.
  Result<Page<Alias>> list_aliases(const FunctionName& name, const std::string& version, const std::string& marker, std::size_t limit);

  // --- tags (tags.cpp)
  Result<> tag(const FunctionName& name, const Tags& tags);
  Result<> untag(const FunctionName& name, const std::vector<std::string>& keys);

  // --- policies (policies.cpp). qualifier: a version number or alias; empty for the function itself.
  Result<Policy> policy(const FunctionName& name, const std::string& qualifier);
  Result<> add_permission(const FunctionName& name, const std::string& qualifier, boost::json::object statement, const std::string& revision_id);
  Result<> remove_permission(const FunctionName& name, const std::string& qualifier, const std::string& sid, const std::string& revision_id);

  // --- function URLs (urls.cpp). qualifier: an alias; empty for $LATEST.
  Result<UrlConfig> create_url(UrlConfig config);
  Result<UrlConfig> update_url(const FunctionName& name, const std::string& qualifier, const UrlChange& change);
  Result<UrlConfig> url(const FunctionName& name, const std::string& qualifier);
  Result<> remove_url(const FunctionName& name, const std::string& qualifier);
  Result<Page<UrlConfig>> list_urls(const FunctionName& name, const std::string& marker, std::size_t limit);

  // --- event invocation (event_invoke.cpp). qualifier: $LATEST, a version number or an alias.
  struct EventInvokeRecord {
    std::string qualifier;
    EventInvokeConfig config;
  };
  // Unset members of config: with keep they stay as they are and a configuration must exist, else they are default.
  enum class Unset { clear, keep };
  Result<EventInvokeConfig> put_event_invoke(const FunctionName& name, const std::string& qualifier, EventInvokeConfig config, Unset unset);
  Result<EventInvokeConfig> event_invoke(const FunctionName& name, const std::string& qualifier);
  Result<> remove_event_invoke(const FunctionName& name, const std::string& qualifier);
  Result<Page<EventInvokeRecord>> list_event_invoke(const FunctionName& name, const std::string& marker, std::size_t limit);

  // --- concurrency (concurrency.cpp)
  Result<> reserve(const FunctionName& name, std::uint32_t concurrency, const ConcurrencyLimits& limits);
  Result<> unreserve(const FunctionName& name);
  Result<Provisioned> provision(const FunctionName& name, const std::string& qualifier, std::uint32_t concurrency, const ConcurrencyLimits& limits);
  Result<Provisioned> provisioned(const FunctionName& name, const std::string& qualifier);
  Result<> unprovision(const FunctionName& name, const std::string& qualifier);
  Result<Page<Provisioned>> list_provisioned(const FunctionName& name, const std::string& marker, std::size_t limit);
  struct Concurrency {
    std::vector<std::pair<FunctionName, std::uint32_t>> reserved;
    std::vector<Provisioned> provisioned;
  };
  Result<Concurrency> concurrency();  // of all functions

  // --- layers (layers.cpp). Numbers begin at 1.
  Result<LayerVersion> publish_layer(LayerVersion layer);
  Result<LayerVersion> layer(const std::string& name, std::uint64_t number);
  Result<> remove_layer(const std::string& name, std::uint64_t number);  // one that does not exist is no error
  // Newest first. keep says which ones belong to the list.
  Result<Page<LayerVersion>> list_layer_versions(const std::string& name, const std::function<bool(const LayerVersion&)>& keep,
                                                 const std::string& marker, std::size_t limit);
  // The newest version of each layer that has one to keep.
  Result<Page<LayerVersion>> list_layers(const std::function<bool(const LayerVersion&)>& keep, const std::string& marker, std::size_t limit);
  Result<> visit_layers(const std::function<void(const LayerVersion&)>& visit);  // every version of each
  Result<Policy> add_layer_permission(const std::string& name, std::uint64_t number, boost::json::object statement, const std::string& revision_id);
  Result<> remove_layer_permission(const std::string& name, std::uint64_t number, const std::string& sid, const std::string& revision_id);
  std::string layer_arn(const std::string& name) const;  // without a version

  // --- totals (usage.cpp)
  Result<Usage> usage();

 private:
  class Impl;
  explicit Registry(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wick::function
