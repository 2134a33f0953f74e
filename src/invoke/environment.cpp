#include "invoke/environment.h"

#include <algorithm>
#include <map>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/random.h"
#include "function/custom_runtime.h"

namespace wick::invoke {
namespace {

using Variables = std::map<std::string, std::string>;

// Unreserved ones: a function may set these itself.
Variables defaults(const function::Version& version) {
  Variables out{
      {"AWS_ENDPOINT_URL", "http://127.0.0.1:4566"},
      {"AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"},
      {"LANG", "C.UTF-8"},  // AWS has en_US.UTF-8, which Debian has not without its locales
      {"LD_LIBRARY_PATH", "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"},
      {"PATH", "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"},
      {"TZ", ":UTC"},
  };
  if (version.runtime.starts_with("nodejs")) {
    const std::string major = version.runtime.substr(6, version.runtime.find('.') - 6);
    out["NODE_PATH"] =
        fmt::format("/opt/nodejs/node{}/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task", major);
  }
  if (version.runtime.starts_with("python")) out["PYTHONPATH"] = "/var/runtime";
  return out;
}

void set_reserved(Variables& out, const function::Version& version, const EngineOptions& options, const std::string& log_stream,
                  std::string_view initialization) {
  out["_HANDLER"] = version.handler;
  out["AWS_DEFAULT_REGION"] = options.region;
  out["AWS_REGION"] = options.region;
  out["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = std::to_string(version.memory_mb);
  out["AWS_LAMBDA_FUNCTION_NAME"] = version.name.str();
  out["AWS_LAMBDA_FUNCTION_VERSION"] = version.version;
  out["AWS_LAMBDA_INITIALIZATION_TYPE"] = initialization;
  out["AWS_LAMBDA_LOG_GROUP_NAME"] = log_group_of(version);
  out["AWS_LAMBDA_LOG_STREAM_NAME"] = log_stream;
  out["LAMBDA_RUNTIME_DIR"] = "/var/runtime";
  out["LAMBDA_TASK_ROOT"] = "/var/task";
  out["AWS_ACCESS_KEY_ID"] = options.function_access_key;
  out["AWS_SECRET_ACCESS_KEY"] = options.function_secret_key;
  if (is_custom_runtime(version)) {
    out["AWS_LAMBDA_RUNTIME_API"] = "127.0.0.1:9001";
  } else {
    out["AWS_EXECUTION_ENV"] = "AWS_Lambda_" + version.runtime;
  }
  if (version.log_format == function::LogFormat::json) {
    out["AWS_LAMBDA_LOG_FORMAT"] = "JSON";
    out["AWS_LAMBDA_LOG_LEVEL"] = version.application_log_level.empty() ? "INFO" : version.application_log_level;
  }
  // Names that AWS reserves and Wick has nothing for, and one that only Wick gives.
  for (const char* name : {"_X_AMZN_TRACE_ID", "AWS_ACCESS_KEY", "AWS_SESSION_TOKEN", "WICK_TEMPLATE"}) out.erase(name);
}

}  // namespace

std::string log_group_of(const function::Version& version) {
  return version.log_group.empty() ? "/aws/lambda/" + version.name.str() : version.log_group;
}

std::string new_log_stream(const function::Version& version, WallTime now) {
  std::string hex = uuid4();
  std::erase(hex, '-');
  const auto seconds = static_cast<std::time_t>(unix_millis(now) / 1000);
  return fmt::format("{:%Y/%m/%d}/[{}]{}", fmt::gmtime(seconds), version.version, hex);
}

std::vector<std::string> make_environment(const function::Version& version, const EngineOptions& options, const std::string& log_stream,
                                          std::string_view initialization) {
  Variables variables = defaults(version);
  for (const auto& [key, value] : version.environment) variables[key] = value;
  set_reserved(variables, version, options, log_stream, initialization);
  std::vector<std::string> out;
  out.reserve(variables.size());
  for (const auto& [key, value] : variables) out.push_back(fmt::format("{}={}", key, value));
  return out;
}

std::vector<std::string> make_bare_environment(const function::Version& version) {
  std::vector<std::string> out;
  for (const auto& [key, value] : defaults(version)) {
    if (!key.starts_with("AWS_")) out.push_back(fmt::format("{}={}", key, value));
  }
  return out;
}

std::vector<std::string> environment_beyond(const std::vector<std::string>& there, std::vector<std::string> wanted) {
  std::erase_if(wanted, [&](const std::string& one) { return std::ranges::find(there, one) != there.end(); });
  return wanted;
}

}  // namespace wick::invoke
