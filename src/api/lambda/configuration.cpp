#include "api/lambda/configuration.h"

#include <utility>

#include "function/json_fields.h"
#include "function/version_record.h"
#include "invoke/log_lines.h"
#include "invoke/template_rules.h"

namespace wick::api::lambda {
namespace json = boost::json;
using function::LogFormat;
using function::State;
using function::UpdateStatus;
using function::Version;

namespace {

json::object logging(const Version& version) {
  json::object out{{"LogFormat", version.log_format == LogFormat::json ? "JSON" : "Text"},
                   {"LogGroup", version.log_group.empty() ? "/aws/lambda/" + version.name.str() : version.log_group}};
  if (version.log_format == LogFormat::json) {
    const auto or_info = [](const std::string& level) { return level.empty() ? std::string("INFO") : level; };
    out["ApplicationLogLevel"] = or_info(version.application_log_level);
    out["SystemLogLevel"] = or_info(version.system_log_level);
  }
  return out;
}

void add_state(const Version& version, json::object& out) {
  switch (version.state) {
    case State::pending:
      out["State"] = "Pending";
      break;
    case State::active:
      out["State"] = "Active";
      break;
    case State::failed:
      out["State"] = "Failed";
      break;
  }
  if (version.state != State::active) {
    out["StateReason"] = version.state_reason;
    out["StateReasonCode"] = version.state == State::pending ? "Creating" : "InternalError";
  }
  switch (version.update_status) {
    case UpdateStatus::none:
      return;
    case UpdateStatus::in_progress:
      out["LastUpdateStatus"] = "InProgress";
      break;
    case UpdateStatus::successful:
      out["LastUpdateStatus"] = "Successful";
      return;
    case UpdateStatus::failed:
      out["LastUpdateStatus"] = "Failed";
      break;
  }
  out["LastUpdateStatusReason"] = version.update_reason;
  out["LastUpdateStatusReasonCode"] = version.update_status == UpdateStatus::in_progress ? "Creating" : "InternalError";
}

void add_optional(const Version& version, json::object& out) {
  if (version.environment_given) {
    json::object variables;
    for (const auto& [key, value] : version.environment) variables[key] = value;
    out["Environment"] = {{"Variables", std::move(variables)}};
  }
  if (!version.layers.empty()) {
    json::array layers;
    for (const auto& layer : version.layers) layers.push_back({{"Arn", layer.arn}, {"CodeSize", layer.code_size}});
    out["Layers"] = std::move(layers);
  }
  if (version.vpc) {
    out["VpcConfig"] = {{"SubnetIds", function::array_of(version.vpc->subnets)},
                        {"SecurityGroupIds", function::array_of(version.vpc->security_groups)},
                        {"VpcId", ""},
                        {"Ipv6AllowedForDualStack", version.vpc->ipv6}};
  }
  if (!version.dead_letter_arn.empty()) out["DeadLetterConfig"] = {{"TargetArn", version.dead_letter_arn}};
  if (!version.kms_key_arn.empty()) out["KMSKeyArn"] = version.kms_key_arn;
  if (!version.file_systems.empty()) {
    json::array file_systems;
    for (const auto& fs : version.file_systems) file_systems.push_back({{"Arn", fs.arn}, {"LocalMountPath", fs.mount_path}});
    out["FileSystemConfigs"] = std::move(file_systems);
  }
}

}  // namespace

json::object configuration(const function::Registry& registry, const Version& version, std::string arn, Shown shown) {
  json::object out{
      {"FunctionName", version.name.str()},
      {"FunctionArn", std::move(arn)},
      {"Runtime", version.runtime},
      {"Role", version.role},
      {"Handler", version.handler},
      {"CodeSize", version.code_size},
      {"Description", version.description},
      {"Timeout", version.timeout_s},
      {"MemorySize", version.memory_mb},
      {"LastModified", version.last_modified},
      {"CodeSha256", function::code_sha256(version.code)},
      {"Version", version.version},
      {"TracingConfig", {{"Mode", version.tracing_mode}}},
      {"RevisionId", version.revision_id},
      {"PackageType", "Zip"},
      {"Architectures", json::array{json::value(version.architecture)}},
      {"EphemeralStorage", {{"Size", version.tmp_mb}}},
      {"SnapStart", {{"ApplyOn", version.snap_start}, {"OptimizationStatus", "Off"}}},
      {"LoggingConfig", logging(version)},
  };
  add_optional(version, out);
  if (shown == Shown::listed) return out;
  add_state(version, out);
  out["RuntimeVersionConfig"] = {{"RuntimeVersionArn", invoke::runtime_version_arn(registry.region(), version.runtime)}};
  return out;
}

void set_optimization(const invoke::Engine& engine, const Version& version, json::object& configuration) {
  if (!invoke::has_snap_start(version)) return;
  const bool refused = engine.template_of(version).state == invoke::TemplateInfo::State::refused;
  configuration.at("SnapStart").as_object()["OptimizationStatus"] = refused ? "Off" : "On";
}

void optimization_after(Call& call, function::VersionPtr version) {
  call.then([&engine = call.engine, version = std::move(version)](json::object& output) { set_optimization(engine, *version, output); });
}

}  // namespace wick::api::lambda
