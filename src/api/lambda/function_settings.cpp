// The small settings of a function that Wick keeps or answers with AWS's default: code signing (none), recursion, runtime updates,
// event source mappings (none).
#include <utility>

#include <fmt/core.h>

#include "api/lambda/names.h"
#include "api/lambda/operations.h"

namespace wick::api::lambda {
namespace json = boost::json;
using function::text;

// No function has a code signing configuration, which AWS shows as the name alone.
Output get_function_code_signing_config(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  API_CHECK(call.registry.head(who->name));
  return json::object{{"FunctionName", who->name.str()}};
}

Output get_function_recursion_config(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  API_TRY(const auto head, call.registry.head(who->name));
  return json::object{{"RecursiveLoop", head.recursive_loop}};
}

Output put_function_recursion_config(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  const auto value = text(call.input, "RecursiveLoop");
  API_CHECK(call.registry.set_recursive_loop(who->name, value));
  return json::object{{"RecursiveLoop", value}};
}

Output get_runtime_management_config(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  API_CHECK(call.registry.find(who->name, who->qualifier));
  const auto qualifier = who->qualifier.empty() ? std::string(function::kLatest) : who->qualifier;
  return json::object{{"UpdateRuntimeOn", "Auto"}, {"FunctionArn", call.registry.arn(who->name, qualifier)}};
}

Output put_runtime_management_config(Call& call) {
  if (const auto when = text(call.input, "UpdateRuntimeOn"); when != "Auto") {
    return invalid_parameter(fmt::format("Wick runs the installed build of a runtime: UpdateRuntimeOn can only be Auto, not {}", when));
  }
  return get_runtime_management_config(call);
}

Output list_event_source_mappings(Call&) { return json::object{{"EventSourceMappings", json::array()}}; }

}  // namespace wick::api::lambda
