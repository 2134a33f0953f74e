// Registry: functions.
#include <utility>

#include <fmt/core.h>
#include <boost/json/serialize.hpp>

#include "function/registry_impl.h"
#include "function/version_record.h"

namespace wick::function {
namespace {

constexpr std::string_view kCreating = "The function is being created.";

VersionPtr shared(Version version) { return std::make_shared<const Version>(std::move(version)); }

void mark_pending(kv::Transaction& tx, Version& version) {
  version.state = State::pending;
  version.state_reason = kCreating;
  version.update_status = UpdateStatus::none;
  tx.put(keys::record(keys::kPending, version.name, version.version), version.generation);
}

}  // namespace

void Registry::Impl::put(kv::Transaction& tx, const Head& head) const { tx.put(keys::head(head.latest.name), to_record(head)); }

void Registry::Impl::put(kv::Transaction& tx, const Version& version) const {
  tx.put(keys::version(version.name, to_number(version.version)), boost::json::serialize(function::to_record(version)));
}

Result<VersionPtr> Registry::create(Version latest, Tags tags, Publish publish) {
  latest.version = kLatest;
  latest.last_modified = impl_->now();
  const auto name = latest.name;
  if (tags.size() > kTagsMax) return fail(Errc::invalid_argument, std::string(kTooManyTags));
  VersionPtr created;
  WICK_CHECK(impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    WICK_TRY(const auto existing, tx.get(keys::head(name)));
    if (existing) return fail(Errc::already_exists, fmt::format("Function already exist: {}", name.str()));
    Head head;
    head.latest = latest;
    head.tags = tags;
    head.latest.generation = impl_->new_id();
    head.latest.revision_id = impl_->new_id();
    mark_pending(tx, head.latest);
    created = shared(head.latest);
    if (publish == Publish::yes) {
      WICK_TRY(auto version, impl_->publish(tx, head));
      mark_pending(tx, version);
      impl_->put(tx, version);
      created = shared(std::move(version));
    }
    impl_->put(tx, head);
    return {};
  }));
  return created;
}

Result<VersionPtr> Registry::update(const FunctionName& name, const std::string& revision_id, const std::function<Result<>(Version&)>& change,
                                    Publish publish) {
  VersionPtr updated;
  WICK_CHECK(impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    WICK_TRY(auto head, impl_->head(tx, name));
    auto& latest = head.latest;
    if (!revision_id.empty() && revision_id != latest.revision_id) return fail(Errc::failed_precondition, std::string(kStaleFunction));
    if (latest.update_status == UpdateStatus::in_progress) {
      return fail(Errc::already_exists,
                  fmt::format("The operation cannot be performed at this time. An update is in progress for resource: {}", impl_->arn(name)));
    }
    WICK_CHECK(change(latest));
    latest.generation = impl_->new_id();
    latest.revision_id = impl_->new_id();
    latest.last_modified = impl_->now();
    latest.update_status = UpdateStatus::in_progress;
    latest.update_reason = kCreating;
    tx.put(keys::record(keys::kPending, name, kLatest), latest.generation);
    updated = shared(latest);
    if (publish == Publish::yes) {
      WICK_TRY(auto version, impl_->publish(tx, head));
      mark_pending(tx, version);
      impl_->put(tx, version);
      updated = shared(std::move(version));
    }
    impl_->put(tx, head);
    return {};
  }));
  return updated;
}

Result<> Registry::remove(const FunctionName& name) {
  return impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    WICK_CHECK(impl_->head(tx, name));
    tx.erase(keys::head(name));
    for (const auto kind : keys::kKinds) {
      WICK_CHECK(scan_all(tx, kv::prefix_range(keys::of_function(kind, name)), [&](const kv::Entry& entry) -> Result<> {
        tx.erase(entry.key);
        if (kind == keys::kUrl) tx.erase(keys::url_id(entry.value));
        return {};
      }));
    }
    return {};
  });
}

Result<> Registry::set_recursive_loop(const FunctionName& name, const std::string& value) {
  return impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    WICK_TRY(auto head, impl_->head(tx, name));
    head.recursive_loop = value;
    impl_->put(tx, head);
    return {};
  });
}

Result<Head> Registry::head(const FunctionName& name) { return impl_->head(impl_->store, name); }

Result<VersionPtr> Registry::find(const FunctionName& name, const std::string& qualifier) {
  WICK_TRY(auto version, impl_->at(impl_->store, name, qualifier));
  return shared(std::move(version));
}

namespace {

// Which::all walks over the functions with their versions, so its marker is a name and the next version's number; 0 is $LATEST.
struct Place {
  std::string name;
  std::uint64_t number = 0;
};

std::string encode(const Place& place) { return to_base64(kv::make_key(place.name, place.number)); }

Result<Place> decode(const std::string& marker) {
  const auto key = from_base64(marker);
  if (!key) return fail(Errc::invalid_argument, std::string(kBadMarker));
  kv::KeyReader reader(*key);
  const auto name = reader.text();
  const auto number = name ? reader.number() : Result<std::uint64_t>(0);
  if (!name || !number || !reader.done()) return fail(Errc::invalid_argument, std::string(kBadMarker));
  return Place{*name, *number};
}

// Adds the versions of one function from a number on until the page has limit items. Where to go on, or nullopt when all are there.
Result<std::optional<std::uint64_t>> add_versions(kv::Reader& reader, const Version& latest, std::uint64_t from, std::size_t limit,
                                                  std::vector<VersionPtr>& items) {
  if (from == 0) {
    if (items.size() == limit) return 0;
    items.push_back(shared(latest));
  }
  auto range = kv::prefix_range(keys::of_function(keys::kVersion, latest.name));
  range.begin = keys::version(latest.name, from);
  for (;;) {
    WICK_TRY(const auto entries, reader.scan(range, kScanBatch));
    for (const auto& entry : entries) {
      WICK_TRY(auto version, parse_version(entry.value));
      if (items.size() == limit) return to_number(version.version);
      items.push_back(shared(std::move(version)));
    }
    if (entries.size() < kScanBatch) return std::nullopt;
    range.begin = entries.back().key + '\0';
  }
}

}  // namespace

Result<Page<VersionPtr>> Registry::list(Which which, const std::string& marker, std::size_t limit) {
  Place place;
  if (!marker.empty()) {
    WICK_TRY(place, decode(marker));
  }
  auto range = kv::prefix_range(keys::heads());
  if (!marker.empty()) range.begin = keys::head(FunctionName(place.name));
  Page<VersionPtr> page;
  for (;;) {
    WICK_TRY(const auto entries, impl_->store.scan(range, kScanBatch));
    for (const auto& entry : entries) {
      WICK_TRY(const auto head, parse_head(entry.value));
      const auto& name = head.latest.name.str();
      const auto from = name == place.name ? place.number : 0;
      if (page.items.size() == limit) {
        page.next_marker = encode({name, 0});
        return page;
      }
      if (which == Which::latest) {
        page.items.push_back(shared(head.latest));
        continue;
      }
      WICK_TRY(const auto next, add_versions(impl_->store, head.latest, from, limit, page.items));
      if (next) {
        page.next_marker = encode({name, *next});
        return page;
      }
    }
    if (entries.size() < kScanBatch) return page;
    range.begin = entries.back().key + '\0';
  }
}

Result<Page<VersionPtr>> Registry::list_versions(const FunctionName& name, const std::string& marker, std::size_t limit) {
  WICK_TRY(const auto found, head(name));
  Place place{name.str(), 0};
  if (!marker.empty()) {
    WICK_TRY(place, decode(marker));
  }
  Page<VersionPtr> page;
  WICK_TRY(const auto next, add_versions(impl_->store, found.latest, place.number, limit, page.items));
  if (next) page.next_marker = encode({name.str(), *next});
  return page;
}

}  // namespace wick::function
