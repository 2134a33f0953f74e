// AddPermission, RemovePermission, GetPolicy, and the same for layer versions.
#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/core.h>
#include <boost/json/serialize.hpp>

#include "api/lambda/names.h"
#include "api/lambda/operations.h"

namespace wick::api::lambda {
namespace json = boost::json;
using function::text;

namespace {

// Everyone, a service, an account or one of its users and roles; nullopt for anything else.
std::optional<json::value> principal_of(const std::string& principal) {
  if (principal == "*") return json::value("*");
  if (principal.ends_with(".amazonaws.com") || principal.ends_with(".amazon.com")) return json::object{{"Service", principal}};
  if (principal.size() == 12 && std::ranges::all_of(principal, [](char c) { return c >= '0' && c <= '9'; })) {
    return json::object{{"AWS", fmt::format("arn:aws:iam::{}:root", principal)}};
  }
  if (principal.starts_with("arn:")) return json::object{{"AWS", principal}};
  return std::nullopt;
}

// What the input's optional members demand of a call, by kind of comparison.
json::object conditions(const json::object& input) {
  json::object equals, like, truth;
  const auto put = [&](json::object& to, std::string_view key, std::string_view from) {
    if (const auto value = text(input, from); !value.empty()) to[key] = value;
  };
  put(equals, "lambda:FunctionUrlAuthType", "FunctionUrlAuthType");
  put(equals, "lambda:EventSourceToken", "EventSourceToken");
  put(equals, "aws:PrincipalOrgID", "PrincipalOrgID");
  put(equals, "AWS:SourceAccount", "SourceAccount");
  put(like, "AWS:SourceArn", "SourceArn");
  if (function::member(input, "InvokedViaFunctionUrl") != nullptr) {
    truth["lambda:InvokedViaFunctionUrl"] = function::flag(input, "InvokedViaFunctionUrl") ? "true" : "false";
  }
  json::object out;
  if (!equals.empty()) out["StringEquals"] = std::move(equals);
  if (!like.empty()) out["ArnLike"] = std::move(like);
  if (!truth.empty()) out["Bool"] = std::move(truth);
  return out;
}

}  // namespace

Output add_permission(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  if (who->qualifier == function::kLatest) return invalid_parameter("We currently do not support adding policies for $LATEST.");
  auto principal = principal_of(text(call.input, "Principal"));
  if (!principal) return invalid_parameter("The provided principal was invalid. Please check the principal and try again.");
  json::object statement{{"Sid", text(call.input, "StatementId")},
                         {"Effect", "Allow"},
                         {"Principal", std::move(*principal)},
                         {"Action", text(call.input, "Action")},
                         {"Resource", call.registry.arn(who->name, who->qualifier)}};
  if (auto condition = conditions(call.input); !condition.empty()) statement["Condition"] = std::move(condition);
  API_CHECK(call.registry.add_permission(who->name, who->qualifier, statement, text(call.input, "RevisionId")));
  return json::object{{"Statement", json::serialize(statement)}};
}

Output remove_permission(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  API_CHECK(call.registry.remove_permission(who->name, who->qualifier, text(call.input, "StatementId"), text(call.input, "RevisionId")));
  return json::object();
}

Output get_policy(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  API_TRY(const auto policy, call.registry.policy(who->name, who->qualifier));
  return json::object{{"Policy", function::document(policy)}, {"RevisionId", policy.revision_id}};
}

namespace {

struct Layer {
  std::string name;
  std::uint64_t number = 0;
};

ApiResult<Layer> layer_of(const Call& call) {
  const auto number = function::number(call.input, "VersionNumber");
  if (number < 1) return invalid_parameter("Layer Version Cannot be less than 1");
  return Layer{layer_name(call.input), static_cast<std::uint64_t>(number)};
}

std::string arn(const Call& call, const Layer& layer) { return fmt::format("{}:{}", call.registry.layer_arn(layer.name), layer.number); }

}  // namespace

Output add_layer_version_permission(Call& call) {
  auto layer = layer_of(call);
  if (!layer) return std::unexpected(layer.error());
  auto principal = principal_of(text(call.input, "Principal"));
  if (!principal) return invalid_parameter("The provided principal was invalid. Please check the principal and try again.");
  json::object statement{{"Sid", text(call.input, "StatementId")},
                         {"Effect", "Allow"},
                         {"Principal", std::move(*principal)},
                         {"Action", text(call.input, "Action")},
                         {"Resource", arn(call, *layer)}};
  if (const auto organization = text(call.input, "OrganizationId"); !organization.empty()) {
    statement["Condition"] = {{"StringEquals", {{"aws:PrincipalOrgID", organization}}}};
  }
  API_TRY(const auto policy, call.registry.add_layer_permission(layer->name, layer->number, statement, text(call.input, "RevisionId")));
  return json::object{{"Statement", json::serialize(statement)}, {"RevisionId", policy.revision_id}};
}

Output remove_layer_version_permission(Call& call) {
  auto layer = layer_of(call);
  if (!layer) return std::unexpected(layer.error());
  API_CHECK(call.registry.remove_layer_permission(layer->name, layer->number, text(call.input, "StatementId"), text(call.input, "RevisionId")));
  return json::object();
}

Output get_layer_version_policy(Call& call) {
  auto layer = layer_of(call);
  if (!layer) return std::unexpected(layer.error());
  const auto found = call.registry.layer(layer->name, layer->number);
  if (!found && found.error().code == Errc::not_found) return not_found(fmt::format("Layer version {} does not exist.", arn(call, *layer)));
  if (!found) return refuse(found.error());
  if (found->policy.statements.empty()) return not_found("No policy is associated with the given resource.");
  return json::object{{"Policy", function::document(found->policy)}, {"RevisionId", found->policy.revision_id}};
}

}  // namespace wick::api::lambda
