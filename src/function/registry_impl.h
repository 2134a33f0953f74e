#pragma once
// What the files of the registry share: the store, the cache, and the readings that several kinds of record need.
// Included by the registry's own .cpp files only.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "function/cache.h"
#include "function/keys.h"
#include "function/registry.h"

namespace wick::function {

class Registry::Impl {
 public:
  Impl(kv::Store& store_in, const Clock& clock_in, Random& random_in, std::string region_in, std::string account_in)
      : store(store_in), clock(clock_in), random(random_in), region(std::move(region_in)), account(std::move(account_in)) {}

  kv::Store& store;
  const Clock& clock;
  Random& random;
  const std::string region;
  const std::string account;
  Cache cache;

  std::string new_id() { return uuid4(random); }
  std::string now() const { return format_iso8601_millis(clock.now()); }
  std::string arn(const FunctionName& name, std::string_view qualifier = {}) const;
  std::string layer_arn(std::string_view name, std::uint64_t number) const;

  // One synced transaction about one function, whose cached entries go when it has committed.
  Result<> change(const FunctionName& name, const std::function<Result<>(kv::Transaction&)>& body);

  // The errors that many operations share.
  std::unexpected<Error> function_not_found(const FunctionName& name, std::string_view qualifier = {}) const;
  std::unexpected<Error> alias_not_found(const FunctionName& name, std::string_view alias) const;

  // Errors: not_found as above.
  Result<Head> head(kv::Reader& reader, const FunctionName& name) const;
  Result<Version> version(kv::Reader& reader, const FunctionName& name, const std::string& number) const;  // $LATEST too
  Result<Alias> alias(kv::Reader& reader, const FunctionName& name, const std::string& alias) const;
  // not_found unless the qualifier exists: empty and $LATEST for the function, a version number, or an alias.
  Result<> require(kv::Reader& reader, const FunctionName& name, const std::string& qualifier) const;
  Result<Version> at(kv::Reader& reader, const FunctionName& name, const std::string& qualifier) const;
  Result<Route> route(kv::Reader& reader, const FunctionName& name, const std::string& qualifier) const;

  // Of the function, a version or an alias; not_found as above.
  Result<std::string> revision(kv::Reader& reader, const FunctionName& name, const std::string& qualifier) const;
  Result<> revise(kv::Transaction& tx, const FunctionName& name, const std::string& qualifier, const std::string& revision) const;

  void put(kv::Transaction& tx, const Head& head) const;
  void put(kv::Transaction& tx, const Version& version) const;  // a published one
  // Makes the next version of what $LATEST is now; head is changed accordingly, not stored.
  Result<Version> publish(kv::Transaction& tx, Head& head);
};

inline constexpr std::string_view kStaleFunction =
    "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id";

bool is_number(std::string_view qualifier);
std::uint64_t to_number(std::string_view digits);  // 0 when it is none or too large for a version

inline constexpr std::size_t kTagsMax = 50;  // AWS, "Using tags on Lambda functions"
inline constexpr std::string_view kTooManyTags = "Number of tags exceeds resource tag limit.";

inline constexpr std::size_t kScanBatch = 1000;

// Every entry of a range, in batches; an error from visit ends it.
Result<> scan_all(kv::Reader& reader, const kv::KeyRange& range, const std::function<Result<>(const kv::Entry&)>& visit);

inline constexpr std::string_view kBadMarker = "The marker is invalid. Use the NextMarker of the previous page.";

// One page of a prefix: parse turns an entry into a T; keep leaves some out. The marker is the key of the last item seen.
template <class T, class Parse, class Keep>
Result<Page<T>> page_of(kv::Reader& reader, const std::string& prefix, const std::string& marker, std::size_t limit, Parse parse, Keep keep) {
  auto range = kv::prefix_range(prefix);
  if (!marker.empty()) {
    const auto key = from_base64(marker);
    if (!key || *key < range.begin || !key->starts_with(prefix)) return fail(Errc::invalid_argument, std::string(kBadMarker));
    range.begin = *key + '\0';
  }
  Page<T> page;
  for (;;) {
    WICK_TRY(const auto entries, reader.scan(range, kScanBatch));
    for (const auto& entry : entries) {
      WICK_TRY(T item, parse(entry));
      if (!keep(item)) continue;
      if (page.items.size() == limit) return page;
      page.items.push_back(std::move(item));
      page.next_marker = to_base64(entry.key);
    }
    if (entries.size() < kScanBatch) break;
    range.begin = entries.back().key + '\0';
  }
  page.next_marker.clear();
  return page;
}

}  // namespace wick::function
