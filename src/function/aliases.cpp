// Registry: aliases.
#include <utility>

#include <fmt/core.h>

#include "function/registry_impl.h"

namespace wick::function {
namespace {

// What AWS holds about an alias's versions, beyond what its shapes say.
Result<> check_weights(const Alias& alias) {
  if (alias.weights.empty()) return {};
  if (alias.weights.size() > 1) return fail(Errc::invalid_argument, "Number of items in AdditionalVersionWeights cannot be greater than 1");
  if (alias.version == kLatest) {
    return fail(Errc::invalid_argument, "$LATEST is not supported for an alias pointing to more than 1 version");
  }
  if (alias.weights.contains(alias.version)) {
    return fail(Errc::invalid_argument, fmt::format("Invalid function version {0}. Function version {0} is already included in routing "
                                                    "configuration.",
                                                    alias.version));
  }
  return {};
}

}  // namespace

Result<Alias> Registry::create_alias(const FunctionName& name, Alias alias) {
  WICK_CHECK(check_weights(alias));
  WICK_CHECK(impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    const auto key = keys::record(keys::kAlias, name, alias.name);
    WICK_CHECK(impl_->version(tx, name, alias.version));
    for (const auto& [version, weight] : alias.weights) WICK_CHECK(impl_->version(tx, name, version));
    WICK_TRY(const auto existing, tx.get(key));
    if (existing) return fail(Errc::already_exists, fmt::format("Alias already exists: {}", impl_->arn(name, alias.name)));
    alias.revision_id = impl_->new_id();
    tx.put(key, to_record(alias));
    return {};
  }));
  return alias;
}

Result<Alias> Registry::update_alias(const FunctionName& name, const std::string& alias, const AliasChange& change) {
  Alias updated;
  WICK_CHECK(impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    const auto key = keys::record(keys::kAlias, name, alias);
    WICK_TRY(const auto record, tx.get(key));
    if (!record) return fail(Errc::not_found, fmt::format("Alias not found: {}", impl_->arn(name, alias)));
    WICK_TRY(updated, parse_alias(*record));
    if (!change.revision_id.empty() && change.revision_id != updated.revision_id) {
      return fail(Errc::failed_precondition, std::string(kStaleFunction));
    }
    if (change.version) updated.version = *change.version;
    if (change.description) updated.description = *change.description;
    if (change.weights) updated.weights = *change.weights;
    WICK_CHECK(check_weights(updated));
    WICK_CHECK(impl_->version(tx, name, updated.version));
    for (const auto& [version, weight] : updated.weights) WICK_CHECK(impl_->version(tx, name, version));
    updated.revision_id = impl_->new_id();
    tx.put(key, to_record(updated));
    return {};
  }));
  return updated;
}

Result<Alias> Registry::alias(const FunctionName& name, const std::string& alias) { return impl_->alias(impl_->store, name, alias); }

// Its function URL and event-invoke configuration stay, as on AWS: an alias made again under the name has them again.
Result<> Registry::remove_alias(const FunctionName& name, const std::string& alias) {
  return impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    WICK_CHECK(impl_->head(tx, name));
    for (const auto kind : {keys::kAlias, keys::kPolicy, keys::kProvisioned}) tx.erase(keys::record(kind, name, alias));
    return {};
  });
}

Result<Page<Alias>> Registry::list_aliases(const FunctionName& name, const std::string& version, const std::string& marker, std::size_t limit) {
  WICK_CHECK(head(name));
  return page_of<Alias>(
      impl_->store, keys::of_function(keys::kAlias, name), marker, limit, [](const kv::Entry& entry) { return parse_alias(entry.value); },
      [&](const Alias& alias) { return version.empty() || alias.version == version || alias.weights.contains(version); });
}

}  // namespace wick::function
