// Registry: policies of functions, versions and aliases.
#include <utility>

#include <fmt/core.h>

#include "function/registry_impl.h"

namespace wick::function {
namespace {

constexpr std::string_view kStalePolicy =
    "The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest Revision Id";

bool could_be_alias(std::string_view qualifier) { return !is_number(qualifier) && qualifier.find('$') == std::string_view::npos; }

}  // namespace

Result<std::string> Registry::Impl::revision(kv::Reader& reader, const FunctionName& name, const std::string& qualifier) const {
  if (!qualifier.empty() && could_be_alias(qualifier)) {
    WICK_TRY(const auto found, alias(reader, name, qualifier));
    return found.revision_id;
  }
  WICK_TRY(const auto found, version(reader, name, qualifier.empty() ? std::string(kLatest) : qualifier));
  return found.revision_id;
}

Result<> Registry::Impl::revise(kv::Transaction& tx, const FunctionName& name, const std::string& qualifier, const std::string& revision) const {
  if (!qualifier.empty() && could_be_alias(qualifier)) {
    WICK_TRY(auto changed, alias(tx, name, qualifier));
    changed.revision_id = revision;
    tx.put(keys::record(keys::kAlias, name, qualifier), to_record(changed));
  } else if (qualifier.empty() || qualifier == kLatest) {
    WICK_TRY(auto changed, head(tx, name));
    changed.latest.revision_id = revision;
    put(tx, changed);
  } else {
    WICK_TRY(auto changed, version(tx, name, qualifier));
    changed.revision_id = revision;
    put(tx, changed);
  }
  return {};
}

Result<Policy> Registry::policy(const FunctionName& name, const std::string& qualifier) {
  WICK_TRY(const auto record, impl_->store.get(keys::record(keys::kPolicy, name, qualifier)));
  if (!record) return fail(Errc::not_found, "The resource you requested does not exist.");
  return parse_policy(*record);
}

Result<> Registry::add_permission(const FunctionName& name, const std::string& qualifier, boost::json::object statement,
                                  const std::string& revision_id) {
  return impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    WICK_CHECK(impl_->head(tx, name));
    Policy policy;
    WICK_TRY(policy.revision_id, impl_->revision(tx, name, qualifier));  // what the first statement's caller must know
    const auto key = keys::record(keys::kPolicy, name, qualifier);
    WICK_TRY(const auto record, tx.get(key));
    if (record) {
      WICK_TRY(policy, parse_policy(*record));
    }
    if (!revision_id.empty() && revision_id != policy.revision_id) return fail(Errc::failed_precondition, std::string(kStalePolicy));
    WICK_CHECK(add_statement(policy, statement, impl_->new_id()));
    tx.put(key, to_record(policy));
    return impl_->revise(tx, name, qualifier, policy.revision_id);
  });
}

Result<> Registry::remove_permission(const FunctionName& name, const std::string& qualifier, const std::string& sid, const std::string& revision_id) {
  return impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    WICK_TRY(const auto function, tx.get(keys::head(name)));
    if (!function) return fail(Errc::not_found, fmt::format("No policy found for: {}", impl_->arn(name)));
    if (!qualifier.empty() && could_be_alias(qualifier)) WICK_CHECK(impl_->alias(tx, name, qualifier));
    const auto key = keys::record(keys::kPolicy, name, qualifier);
    WICK_TRY(const auto record, tx.get(key));
    if (!record) return fail(Errc::not_found, "No policy is associated with the given resource.");
    WICK_TRY(auto policy, parse_policy(*record));
    if (!revision_id.empty() && revision_id != policy.revision_id) return fail(Errc::failed_precondition, std::string(kStalePolicy));
    WICK_CHECK(remove_statement(policy, sid, impl_->new_id()));
    if (policy.statements.empty()) {
      tx.erase(key);
    } else {
      tx.put(key, to_record(policy));
    }
    return impl_->revise(tx, name, qualifier, policy.revision_id);
  });
}

}  // namespace wick::function
