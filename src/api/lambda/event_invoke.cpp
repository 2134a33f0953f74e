// Put, Update, Get, DeleteFunctionEventInvokeConfig, ListFunctionEventInvokeConfigs.
#include <array>
#include <chrono>
#include <utility>

#include <fmt/core.h>

#include "api/lambda/names.h"
#include "api/lambda/operations.h"

namespace wick::api::lambda {
namespace json = boost::json;
using function::EventInvokeConfig;
using function::member;
using function::number;
using function::object_in;
using function::Registry;
using function::text;

namespace {

std::string own_qualifier(const Named& who) { return who.qualifier.empty() ? std::string(function::kLatest) : who.qualifier; }

json::object destination(const std::string& arn) { return arn.empty() ? json::object() : json::object{{"Destination", arn}}; }

json::object shown(const Call& call, const function::FunctionName& name, const std::string& qualifier, const EventInvokeConfig& config) {
  const std::chrono::duration<double> modified = config.modified.time_since_epoch();
  json::object out{{"FunctionArn", call.registry.arn(name, qualifier)},
                   {"LastModified", modified.count()},
                   {"DestinationConfig", {{"OnSuccess", destination(config.on_success_arn)}, {"OnFailure", destination(config.on_failure_arn)}}}};
  if (config.retries_max) out["MaximumRetryAttempts"] = *config.retries_max;
  if (config.event_age_max_s) out["MaximumEventAgeInSeconds"] = *config.event_age_max_s;
  return out;
}

// DestinationConfig(onSuccess=OnSuccess(destination=arn), onFailure=null), as AWS prints it.
std::string printed(const EventInvokeConfig& config) {
  const auto one = [](std::string_view kind, const std::string& arn) {
    return arn.empty() ? std::string("null") : fmt::format("{}(destination={})", kind, arn);
  };
  return fmt::format("DestinationConfig(onSuccess={}, onFailure={})", one("OnSuccess", config.on_success_arn),
                     one("OnFailure", config.on_failure_arn));
}

// A queue, topic, bus, bucket, or a function that exists and is not the one itself.
ApiResult<void> check_destination(const Call& call, const Named& who, const EventInvokeConfig& config, const std::string& arn) {
  if (arn.empty()) return {};
  constexpr std::array<std::string_view, 6> services = {"lambda", "sqs", "sns", "events", "s3", "kafka"};
  const auto from = arn.find(':', arn.find(':') + 1) + 1;
  const auto service = arn.substr(from, arn.find(':', from) - from);
  if (!arn.starts_with("kafka://") && std::ranges::find(services, service) == services.end()) {
    return invalid_parameter(fmt::format("The provided destination config {} is invalid.", printed(config)));
  }
  if (service != "lambda") return {};
  const auto target = parse_name(call.registry, arn);
  if (target && target->name == who.name) return invalid_parameter("You can't specify the function as a destination for itself.");
  if (!target || !call.registry.find(target->name, target->qualifier)) {
    return invalid_parameter(fmt::format("The destination ARN {} is invalid.", arn));
  }
  return {};
}

EventInvokeConfig config_of(const json::object& input) {
  EventInvokeConfig out;
  if (member(input, "MaximumRetryAttempts") != nullptr) out.retries_max = number<std::uint32_t>(input, "MaximumRetryAttempts");
  if (member(input, "MaximumEventAgeInSeconds") != nullptr) out.event_age_max_s = number<std::uint32_t>(input, "MaximumEventAgeInSeconds");
  if (const auto* destinations = object_in(input, "DestinationConfig")) {
    if (const auto* success = object_in(*destinations, "OnSuccess")) out.on_success_arn = text(*success, "Destination");
    if (const auto* failure = object_in(*destinations, "OnFailure")) out.on_failure_arn = text(*failure, "Destination");
  }
  return out;
}

Output put(Call& call, Registry::Unset unset) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  const auto config = config_of(call.input);
  if (!config.retries_max && !config.event_age_max_s && object_in(call.input, "DestinationConfig") == nullptr) {
    return invalid_parameter("You must specify at least one of error handling or destination setting.");
  }
  if (!call.registry.find(who->name, who->qualifier)) return not_found("The function doesn't exist.");
  for (const auto& arn : {config.on_success_arn, config.on_failure_arn}) {
    if (auto fine = check_destination(call, *who, config, arn); !fine) return std::unexpected(fine.error());
  }
  API_TRY(const auto stored, call.registry.put_event_invoke(who->name, own_qualifier(*who), config, unset));
  return shown(call, who->name, own_qualifier(*who), stored);
}

}  // namespace

Output put_function_event_invoke_config(Call& call) { return put(call, Registry::Unset::clear); }
Output update_function_event_invoke_config(Call& call) { return put(call, Registry::Unset::keep); }

Output get_function_event_invoke_config(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  API_TRY(const auto config, call.registry.event_invoke(who->name, own_qualifier(*who)));
  return shown(call, who->name, own_qualifier(*who), config);
}

Output delete_function_event_invoke_config(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  API_CHECK(call.registry.remove_event_invoke(who->name, own_qualifier(*who)));
  return json::object();
}

Output list_function_event_invoke_configs(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  API_TRY(const auto page, call.registry.list_event_invoke(who->name, text(call.input, "Marker"), max_items(call.input)));
  json::array configs;
  for (const auto& record : page.items) configs.push_back(shown(call, who->name, record.qualifier, record.config));
  return json::object{{"FunctionEventInvokeConfigs", std::move(configs)}, {"NextMarker", next_marker(page.next_marker)}};
}

}  // namespace wick::api::lambda
