// Put, Get, DeleteFunctionConcurrency; Put, Get, Delete, ListProvisionedConcurrencyConfig.
#include <algorithm>
#include <utility>

#include "api/lambda/names.h"
#include "api/lambda/operations.h"
#include "api/lambda/provisioning.h"

namespace wick::api::lambda {
namespace json = boost::json;
using function::Provisioned;
using function::text;

namespace {

std::unexpected<ApiError> functions_only() {
  return invalid_parameter(
      "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please "
      "specify either a function name or an unqualified function ARN.");
}

}  // namespace

Output put_function_concurrency(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  if (!who->qualifier.empty()) return functions_only();
  const auto reserved = function::number<std::uint32_t>(call.input, "ReservedConcurrentExecutions");
  API_CHECK(call.registry.reserve(who->name, reserved, call.options.limits));
  call.then([&engine = call.engine, name = who->name, reserved](json::object&) { engine.set_reserved_concurrency(name, reserved); });
  return json::object{{"ReservedConcurrentExecutions", reserved}};
}

Output get_function_concurrency(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  API_TRY(const auto head, call.registry.head(who->name));
  json::object out;
  if (head.reserved_concurrency) out["ReservedConcurrentExecutions"] = *head.reserved_concurrency;
  return out;
}

Output delete_function_concurrency(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  if (!who->qualifier.empty()) return functions_only();
  API_CHECK(call.registry.unreserve(who->name));
  call.then([&engine = call.engine, name = who->name](json::object&) { engine.set_reserved_concurrency(name, std::nullopt); });
  return json::object();
}

namespace {

// ready: how many instances the engine keeps initialised now.
void show(const Provisioned& provisioned, std::uint32_t ready, json::object& out) {
  const auto available = std::min(ready, provisioned.requested);
  out["RequestedProvisionedConcurrentExecutions"] = provisioned.requested;
  out["AllocatedProvisionedConcurrentExecutions"] = available;
  out["AvailableProvisionedConcurrentExecutions"] = available;
  out["Status"] = available == provisioned.requested ? "READY" : "IN_PROGRESS";
  out["LastModified"] = provisioned.modified;
}

// A version or an alias, but not $LATEST.
ApiResult<Named> published(const Call& call, std::string_view otherwise) {
  auto who = named(call.registry, call.input);
  if (who && (who->qualifier.empty() || who->qualifier == function::kLatest)) return invalid_parameter(std::string(otherwise));
  return who;
}

constexpr std::string_view kNotPublished = "The function resource provided must be an alias or a published version.";

}  // namespace

Output put_provisioned_concurrency_config(Call& call) {
  auto who = published(call, "Provisioned Concurrency Configs cannot be applied to unpublished function versions.");
  if (!who) return std::unexpected(who.error());
  const auto requested = function::number<std::uint32_t>(call.input, "ProvisionedConcurrentExecutions");
  API_TRY(const auto provisioned, call.registry.provision(who->name, who->qualifier, requested, call.options.limits));
  API_CHECK(provision_after(call, who->name, {}));
  json::object out;
  show(provisioned, 0, out);
  return out;
}

Output get_provisioned_concurrency_config(Call& call) {
  auto who = published(call, kNotPublished);
  if (!who) return std::unexpected(who.error());
  const auto found = call.registry.provisioned(who->name, who->qualifier);
  if (!found) {
    auto error = to_api(found.error());
    if (error.message.starts_with("No Provisioned Concurrency Config")) error.code = "ProvisionedConcurrencyConfigNotFoundException";
    return std::unexpected(std::move(error));
  }
  call.then([&engine = call.engine, provisioned = *found](json::object& output) {
    show(provisioned, engine.provisioned_ready(provisioned.function, provisioned.version), output);
  });
  return json::object();
}

Output delete_provisioned_concurrency_config(Call& call) {
  auto who = published(call, kNotPublished);
  if (!who) return std::unexpected(who.error());
  const auto before = provisioned_now(call, who->name);
  API_CHECK(call.registry.unprovision(who->name, who->qualifier));
  if (before) API_CHECK(provision_after(call, who->name, *before));
  return json::object();
}

Output list_provisioned_concurrency_configs(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  API_TRY(auto page, call.registry.list_provisioned(who->name, text(call.input, "Marker"), max_items(call.input)));
  std::vector<std::string> arns;
  arns.reserve(page.items.size());
  for (const auto& provisioned : page.items) arns.push_back(call.registry.arn(who->name, provisioned.qualifier));
  call.then([&engine = call.engine, items = std::move(page.items), arns = std::move(arns)](json::object& output) {
    json::array configs;
    for (std::size_t i = 0; i < items.size(); ++i) {
      json::object config{{"FunctionArn", arns[i]}};
      show(items[i], engine.provisioned_ready(items[i].function, items[i].version), config);
      configs.push_back(std::move(config));
    }
    output["ProvisionedConcurrencyConfigs"] = std::move(configs);
  });
  return json::object{{"NextMarker", next_marker(page.next_marker)}};
}

}  // namespace wick::api::lambda
