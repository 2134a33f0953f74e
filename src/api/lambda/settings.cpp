#include "api/lambda/settings.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/ranges.h>
#include <boost/json/serialize.hpp>

#include "api/lambda/names.h"
#include "function/custom_runtime.h"
#include "function/zip.h"

namespace wick::api::lambda {
namespace json = boost::json;
using function::flag;
using function::member;
using function::number;
using function::object_in;
using function::text;
using function::texts;

namespace {

// Identifiers that AWS once ran and no longer takes.
constexpr std::array<std::string_view, 23> kDeprecated = {
    "dotnetcore1.0", "dotnetcore2.0",  "dotnetcore2.1", "dotnetcore3.1", "dotnet5.0",  "go1.x",      "java8",      "nodejs",
    "nodejs4.3",     "nodejs4.3-edge", "nodejs6.10",    "nodejs8.10",    "nodejs10.x", "nodejs12.x", "nodejs14.x", "provided",
    "python2.7",     "python3.6",      "python3.7",     "ruby2.5",       "ruby2.7",    "dotnet7",    "nodejs8.x"};

constexpr std::size_t kEnvironmentMax = 4096;  // bytes, as JSON
constexpr std::size_t kLayersMax = 5;

// AWS, "Using Lambda environment variables": defined runtime environment variables.
constexpr std::array<std::string_view, 17> kReservedVariables = {"_HANDLER",
                                                                 "_X_AMZN_TRACE_ID",
                                                                 "AWS_ACCESS_KEY",
                                                                 "AWS_ACCESS_KEY_ID",
                                                                 "AWS_DEFAULT_REGION",
                                                                 "AWS_EXECUTION_ENV",
                                                                 "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                                                                 "AWS_LAMBDA_FUNCTION_NAME",
                                                                 "AWS_LAMBDA_FUNCTION_VERSION",
                                                                 "AWS_LAMBDA_INITIALIZATION_TYPE",
                                                                 "AWS_LAMBDA_LOG_GROUP_NAME",
                                                                 "AWS_LAMBDA_LOG_STREAM_NAME",
                                                                 "AWS_LAMBDA_RUNTIME_API",
                                                                 "AWS_REGION",
                                                                 "AWS_SECRET_ACCESS_KEY",
                                                                 "AWS_SESSION_TOKEN",
                                                                 "LAMBDA_TASK_ROOT"};

std::string how_to_get(const std::string& runtime) {
  if (runtime.starts_with("nodejs")) return fmt::format("Install it with `wick runtime install {}`", runtime);
  if (runtime.starts_with("python")) return fmt::format("Add a folder that holds bin/{} with `wick runtime add FOLDER`", runtime);
  return "Wick runs Node.js, Python and custom runtimes (provided.al2023)";
}

}  // namespace

ApiResult<void> check_runtime(const Call& call) {
  if (member(call.input, "Runtime") == nullptr) return {};
  const auto runtime = text(call.input, "Runtime");
  const auto& known = function::known_runtime_names();
  const auto& announced = function::announced_runtime_names();
  if (std::ranges::find(kDeprecated, runtime) != kDeprecated.end()) {
    return invalid_parameter(
        fmt::format("The runtime parameter of {} is no longer supported for creating or updating AWS Lambda functions. "
                    "We recommend you use a supported runtime while creating or updating functions.",
                    runtime));
  }
  if (std::ranges::find(known, runtime) == known.end() && std::ranges::find(announced, runtime) == announced.end()) {
    return invalid_parameter(
        fmt::format("Value {} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{}] or be "
                    "a valid ARN",
                    runtime, fmt::join(known, ", ")));
  }
  if (call.runtimes.find(runtime)) return {};
  std::vector<std::string> here;
  for (const auto& one : call.runtimes.all()) here.push_back(one.name);
  return invalid_parameter(
      fmt::format("The runtime {} is not installed on this machine. {}, or choose one of: {}", runtime, how_to_get(runtime), fmt::join(here, ", ")));
}

ApiResult<void> check_environment(const Call& call) {
  const auto* environment = object_in(call.input, "Environment");
  const auto* variables = environment == nullptr ? nullptr : object_in(*environment, "Variables");
  if (variables == nullptr) return {};
  std::vector<std::string> reserved;
  for (const auto& [key, value] : *variables) {
    if (std::ranges::find(kReservedVariables, std::string_view(key)) != kReservedVariables.end()) reserved.emplace_back(key);
  }
  if (!reserved.empty()) {
    return invalid_parameter(
        fmt::format("Lambda was unable to configure your environment variables because the environment variables you have "
                    "provided contains reserved keys that are currently not supported for modification. Reserved keys "
                    "used in this request: {}",
                    fmt::join(reserved, ", ")));
  }
  if (const auto measured = json::serialize(*variables); measured.size() > kEnvironmentMax) {
    return invalid_parameter(
        fmt::format("Lambda was unable to configure your environment variables because the environment variables you have "
                    "provided exceeded the 4KB limit. String measured: {}",
                    measured));
  }
  return {};
}

ApiResult<std::optional<std::vector<function::LayerReference>>> read_layers(Call& call) {
  if (member(call.input, "Layers") == nullptr) return std::nullopt;
  const auto arns = texts(call.input, "Layers");
  if (arns.size() > kLayersMax) return invalid_parameter(fmt::format("Cannot reference more than {} layers.", kLayersMax));
  std::vector<function::LayerReference> out;
  std::vector<std::string> names;
  for (const auto& arn : arns) {
    const auto colon = arn.rfind(':');
    const auto layer_arn = arn.substr(0, colon);
    const auto name = layer_arn.substr(layer_arn.rfind(':') + 1);
    if (!arn.starts_with(fmt::format("arn:aws:lambda:{}:", call.registry.region()))) {
      return invalid_parameter(
          fmt::format("Layers are not in the same region as the function. Layers are expected to be in region {}.", call.registry.region()));
    }
    if (const auto twice = std::ranges::find(names, layer_arn); twice != names.end()) {
      return invalid_parameter(
          fmt::format("Two different versions of the same layer are not allowed to be referenced in the same function. {} and "
                      "{} are versions of the same layer.",
                      arns[twice - names.begin()], arn));
    }
    names.push_back(layer_arn);
    const auto found = layer_arn == call.registry.layer_arn(name) ? call.registry.layer(name, layer_number(arn))
                                                                  : Result<function::LayerVersion>(fail(Errc::not_found, {}));
    if (!found) return invalid_parameter(fmt::format("Layer version {} does not exist.", arn));
    out.push_back({arn, found->code, found->code_size, found->unzipped_bytes});
  }
  return out;
}

namespace {

void assign_logging(const json::object& logging, function::Version& version) {
  if (const auto format = text(logging, "LogFormat"); !format.empty()) {
    version.log_format = format == "JSON" ? function::LogFormat::json : function::LogFormat::text;
    if (format != "JSON") version.application_log_level.clear(), version.system_log_level.clear();
  }
  version.application_log_level = text(logging, "ApplicationLogLevel", version.application_log_level);
  version.system_log_level = text(logging, "SystemLogLevel", version.system_log_level);
  version.log_group = text(logging, "LogGroup", version.log_group);
}

void assign_environment(const json::object& environment, function::Version& version) {
  version.environment_given = true;
  version.environment.clear();
  const auto* variables = object_in(environment, "Variables");
  if (variables == nullptr) return;
  for (const auto& [key, value] : *variables) {
    if (value.is_string()) version.environment[std::string(key)] = value.get_string();
  }
}

void assign_places(const json::object& input, function::Version& version) {
  if (const auto* vpc = object_in(input, "VpcConfig")) {
    version.vpc = function::VpcConfig{texts(*vpc, "SubnetIds"), texts(*vpc, "SecurityGroupIds"), flag(*vpc, "Ipv6AllowedForDualStack")};
  }
  if (const auto* file_systems = member(input, "FileSystemConfigs")) {
    version.file_systems.clear();
    for (const auto& item : file_systems->as_array()) {
      version.file_systems.push_back({text(item.as_object(), "Arn"), text(item.as_object(), "LocalMountPath")});
    }
  }
}

}  // namespace

void assign_settings(const json::object& input, function::Version& version) {
  version.runtime = text(input, "Runtime", version.runtime);
  version.role = text(input, "Role", version.role);
  version.handler = text(input, "Handler", version.handler);
  version.description = text(input, "Description", version.description);
  version.kms_key_arn = text(input, "KMSKeyArn", version.kms_key_arn);
  version.timeout_s = number(input, "Timeout", version.timeout_s);
  version.memory_mb = number(input, "MemorySize", version.memory_mb);
  if (const auto* storage = object_in(input, "EphemeralStorage")) version.tmp_mb = number(*storage, "Size", version.tmp_mb);
  if (const auto* tracing = object_in(input, "TracingConfig")) version.tracing_mode = text(*tracing, "Mode", version.tracing_mode);
  if (const auto* snap_start = object_in(input, "SnapStart")) version.snap_start = text(*snap_start, "ApplyOn", version.snap_start);
  if (const auto* dead_letter = object_in(input, "DeadLetterConfig")) version.dead_letter_arn = text(*dead_letter, "TargetArn");
  if (const auto* logging = object_in(input, "LoggingConfig")) assign_logging(*logging, version);
  if (const auto* environment = object_in(input, "Environment")) assign_environment(*environment, version);
  assign_places(input, version);
}

Result<> check_sizes(const function::Version& version) {
  auto total = version.code_unzipped_bytes;
  for (const auto& layer : version.layers) total += layer.unzipped_bytes;
  if (total <= function::kUnzippedMax) return {};
  return fail(Errc::invalid_argument, fmt::format("Function code combined with layers exceeds the maximum allowed size of {} bytes. The actual "
                                                  "size is {} bytes.",
                                                  function::kUnzippedMax, total));
}

Result<> check_max_concurrency(const function::Version& version) {
  const auto found = version.environment.find(function::kMaxConcurrencyVariable);
  if (found == version.environment.end()) return {};
  const auto wanted = function::parse_max_concurrency(found->second);
  if (!wanted) {
    return fail(Errc::invalid_argument, fmt::format("The environment variable {} says how many invocations one instance of the function may run at "
                                                    "once: it must be a whole number from 1 to {}, not '{}'.",
                                                    function::kMaxConcurrencyVariable, function::kMaxConcurrencyLimit, found->second));
  }
  if (*wanted == 1 || function::is_custom_runtime(version)) return {};
  return fail(Errc::invalid_argument, fmt::format("The environment variable {} is {}, but instances of the runtime {} run one invocation at a time. "
                                                  "Remove the variable, or use a custom runtime (provided.al2023).",
                                                  function::kMaxConcurrencyVariable, *wanted, version.runtime));
}

}  // namespace wick::api::lambda
