// CreateFunctionUrlConfig, GetFunctionUrlConfig, UpdateFunctionUrlConfig, DeleteFunctionUrlConfig, ListFunctionUrlConfigs.
#include <utility>

#include <fmt/core.h>

#include "api/lambda/names.h"
#include "api/lambda/operations.h"

namespace wick::api::lambda {
namespace json = boost::json;
using function::Cors;
using function::member;
using function::text;
using function::texts;
using function::UrlAuth;
using function::UrlConfig;
using function::UrlInvokeMode;

namespace {

// http://ID.lambda-url.localhost:PORT/, with the port that the caller reached Wick at.
std::string address(const Call& call, const UrlConfig& config) {
  const auto authority = std::string_view(call.base_url).substr(call.base_url.find("//") + 2);
  const auto colon = authority.rfind(':');
  const bool has_port = colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
  return fmt::format("http://{}.lambda-url.localhost{}/", config.url_id, has_port ? authority.substr(colon) : "");
}

Cors cors_of(const json::object& input) {
  Cors out{function::flag(input, "AllowCredentials"),
           texts(input, "AllowHeaders"),
           texts(input, "AllowMethods"),
           texts(input, "AllowOrigins"),
           texts(input, "ExposeHeaders"),
           std::nullopt};
  if (member(input, "MaxAge") != nullptr) out.max_age_s = function::number<std::uint32_t>(input, "MaxAge");
  return out;
}

json::object shown(const Cors& cors) {
  json::object out;
  const auto put = [&](std::string_view key, const std::vector<std::string>& items) {
    if (!items.empty()) out[key] = function::array_of(items);
  };
  if (cors.allow_credentials) out["AllowCredentials"] = true;
  put("AllowHeaders", cors.allow_headers);
  put("AllowMethods", cors.allow_methods);
  put("AllowOrigins", cors.allow_origins);
  put("ExposeHeaders", cors.expose_headers);
  if (cors.max_age_s) out["MaxAge"] = *cors.max_age_s;
  return out;
}

enum class Mode { always, if_given };

json::object shown(const Call& call, const UrlConfig& config, Mode mode) {
  json::object out{{"FunctionUrl", address(call, config)},
                   {"FunctionArn", call.registry.arn(config.function, config.qualifier)},
                   {"AuthType", config.auth == UrlAuth::aws_iam ? "AWS_IAM" : "NONE"},
                   {"CreationTime", config.created},
                   {"LastModifiedTime", config.modified}};
  if (mode == Mode::always || config.mode_given) out["InvokeMode"] = config.mode == UrlInvokeMode::buffered ? "BUFFERED" : "RESPONSE_STREAM";
  if (config.cors) out["Cors"] = shown(*config.cors);
  return out;
}

function::UrlChange change_of(const json::object& input) {
  function::UrlChange out;
  if (const auto auth = text(input, "AuthType"); !auth.empty()) out.auth = auth == "AWS_IAM" ? UrlAuth::aws_iam : UrlAuth::none;
  if (const auto mode = text(input, "InvokeMode"); !mode.empty()) {
    out.mode = mode == "RESPONSE_STREAM" ? UrlInvokeMode::response_stream : UrlInvokeMode::buffered;
  }
  if (const auto* cors = function::object_in(input, "Cors")) out.cors = cors_of(*cors);
  return out;
}

}  // namespace

Output create_function_url_config(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  const auto wanted = change_of(call.input);
  UrlConfig config;
  config.function = who->name;
  config.qualifier = who->qualifier;
  config.auth = wanted.auth.value_or(UrlAuth::none);
  config.mode = wanted.mode.value_or(UrlInvokeMode::buffered);
  config.mode_given = wanted.mode.has_value();
  config.cors = wanted.cors;
  API_TRY(const auto created, call.registry.create_url(std::move(config)));
  return shown(call, created, Mode::if_given);
}

Output get_function_url_config(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  API_TRY(const auto config, call.registry.url(who->name, who->qualifier));
  return shown(call, config, Mode::always);
}

Output update_function_url_config(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  API_TRY(const auto config, call.registry.update_url(who->name, who->qualifier, change_of(call.input)));
  return shown(call, config, Mode::if_given);
}

Output delete_function_url_config(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  API_CHECK(call.registry.remove_url(who->name, who->qualifier));
  return json::object();
}

Output list_function_url_configs(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  API_TRY(const auto page, call.registry.list_urls(who->name, text(call.input, "Marker"), max_items(call.input)));
  json::array configs;
  for (const auto& config : page.items) configs.push_back(shown(call, config, Mode::always));
  return json::object{{"FunctionUrlConfigs", std::move(configs)}, {"NextMarker", next_marker(page.next_marker)}};
}

}  // namespace wick::api::lambda
