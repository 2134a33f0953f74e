// Registry: published versions.
#include <utility>

#include <fmt/core.h>

#include "function/registry_impl.h"
#include "function/version_record.h"

namespace wick::function {

Result<Version> Registry::Impl::publish(kv::Transaction& tx, Head& head) {
  const auto& name = head.latest.name;
  WICK_TRY(const auto counted, tx.get(keys::version_counter(name)));
  const auto number = counted ? to_number(*counted) + 1 : 1;
  tx.put(keys::version_counter(name), std::to_string(number));
  Version version = head.latest;
  version.version = std::to_string(number);
  version.generation = new_id();
  version.revision_id = new_id();
  head.published_version = version.version;
  head.published_fingerprint = fingerprint(head.latest);
  return version;
}

Result<VersionPtr> Registry::publish(const FunctionName& name, const PublishRequest& request) {
  VersionPtr published;
  WICK_CHECK(impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    WICK_TRY(auto head, impl_->head(tx, name));
    if (!request.revision_id.empty() && request.revision_id != head.latest.revision_id) {
      return fail(Errc::failed_precondition, std::string(kStaleFunction));
    }
    if (!request.code_sha256.empty()) {
      if (const auto current = code_sha256(head.latest.code); current != request.code_sha256) {
        return fail(Errc::invalid_argument, fmt::format("CodeSHA256 ({}) is different from current CodeSHA256 in $LATEST ({}). Please try "
                                                        "again with the CodeSHA256 in $LATEST.",
                                                        request.code_sha256, current));
      }
    }
    if (head.latest.update_status == UpdateStatus::in_progress) {
      return fail(Errc::already_exists,
                  fmt::format("The operation cannot be performed at this time. An update is in progress for resource: {}", impl_->arn(name)));
    }
    if (!head.published_version.empty() && head.published_fingerprint == fingerprint(head.latest)) {
      auto same = impl_->version(tx, name, head.published_version);
      if (same) {
        published = std::make_shared<const Version>(std::move(*same));
        return {};
      }
    }
    WICK_TRY(auto version, impl_->publish(tx, head));
    if (request.description) version.description = *request.description;
    if (version.state == State::pending) tx.put(keys::record(keys::kPending, name, version.version), version.generation);
    head.latest.revision_id = impl_->new_id();
    impl_->put(tx, version);
    impl_->put(tx, head);
    published = std::make_shared<const Version>(std::move(version));
    return {};
  }));
  return published;
}

Result<> Registry::remove_version(const FunctionName& name, const std::string& version) {
  return impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    WICK_CHECK(impl_->head(tx, name));
    WICK_CHECK(scan_all(tx, kv::prefix_range(keys::of_function(keys::kAlias, name)), [&](const kv::Entry& entry) -> Result<> {
      WICK_TRY(const auto alias, parse_alias(entry.value));
      if (alias.version != version && !alias.weights.contains(version)) return {};
      return fail(Errc::already_exists,
                  fmt::format("Version {} is referenced by the alias {}. Remove the alias or point it elsewhere first.", version, alias.name));
    }));
    tx.erase(keys::version(name, to_number(version)));
    for (const auto kind : {keys::kPolicy, keys::kEventInvoke, keys::kProvisioned, keys::kPending}) {
      tx.erase(keys::record(kind, name, version));
    }
    return {};
  });
}

}  // namespace wick::function
