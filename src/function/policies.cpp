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

Result<Policy> Registry::policy(const FunctionName& name, const std::string& qualifier) {
  WICK_TRY(const auto record, impl_->store.get(keys::record(keys::kPolicy, name, qualifier)));
  if (!record) return fail(Errc::not_found, "The resource you requested does not exist.");
  return parse_policy(*record);
}

Result<> Registry::add_permission(const FunctionName& name, const std::string& qualifier, boost::json::object statement,
                                  const std::string& revision_id) {
  return impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    WICK_CHECK(impl_->head(tx, name));
    if (!qualifier.empty() && could_be_alias(qualifier)) {
      WICK_CHECK(impl_->alias(tx, name, qualifier));
    } else {
      WICK_CHECK(impl_->require(tx, name, qualifier));
    }
    const auto key = keys::record(keys::kPolicy, name, qualifier);
    WICK_TRY(const auto record, tx.get(key));
    Policy policy;
    if (record) {
      WICK_TRY(policy, parse_policy(*record));
    }
    if (!revision_id.empty() && revision_id != policy.revision_id) return fail(Errc::failed_precondition, std::string(kStalePolicy));
    WICK_CHECK(add_statement(policy, statement, impl_->new_id()));
    tx.put(key, to_record(policy));
    return {};
  });
}

Result<> Registry::remove_permission(const FunctionName& name, const std::string& qualifier, const std::string& sid,
                                     const std::string& revision_id) {
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
    return {};
  });
}

}  // namespace wick::function
