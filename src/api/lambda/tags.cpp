// TagResource, UntagResource, ListTags: of functions, the only taggable thing so far.
#include <utility>

#include <fmt/core.h>

#include "api/lambda/names.h"
#include "api/lambda/operations.h"

namespace wick::api::lambda {
namespace json = boost::json;
using function::FunctionName;

namespace {

// The function that an input's Resource, an ARN, names.
ApiResult<FunctionName> tagged(const Call& call) {
  const auto arn = function::text(call.input, "Resource");
  if (arn.find(":event-source-mapping:") != std::string::npos) return not_found(fmt::format("Event source mapping not found: {}", arn));
  if (arn.find(":capacity-provider:") != std::string::npos) return not_found(fmt::format("Capacity provider not found: {}", arn));
  if (arn.find(":function:") == std::string::npos) return not_found("The resource you requested does not exist.");
  auto who = parse_name(call.registry, arn);
  if (!who) return std::unexpected(who.error());
  if (!who->qualifier.empty()) {
    return invalid_parameter("Tags on function aliases and versions are not supported. Please specify a function ARN.");
  }
  return who->name;
}

}  // namespace

Output tag_resource(Call& call) {
  auto name = tagged(call);
  if (!name) return std::unexpected(name.error());
  function::Tags tags;
  if (const auto* given = function::object_in(call.input, "Tags")) {
    for (const auto& [key, value] : *given) tags[std::string(key)] = value.is_string() ? std::string(value.get_string()) : std::string();
  }
  if (tags.empty()) return invalid_parameter("An error occurred and the request cannot be processed.");
  API_CHECK(call.registry.tag(*name, tags));
  return json::object();
}

Output untag_resource(Call& call) {
  auto name = tagged(call);
  if (!name) return std::unexpected(name.error());
  API_CHECK(call.registry.untag(*name, function::texts(call.input, "TagKeys")));
  return json::object();
}

Output list_tags(Call& call) {
  auto name = tagged(call);
  if (!name) return std::unexpected(name.error());
  API_TRY(const auto head, call.registry.head(*name));
  json::object tags;
  for (const auto& [key, value] : head.tags) tags[key] = value;
  return json::object{{"Tags", std::move(tags)}};
}

}  // namespace wick::api::lambda
