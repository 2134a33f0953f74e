#include "api/function_url/cors.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace wick::api::function_url {
namespace {

bool allows(const std::vector<std::string>& list, const std::string& value) {
  return std::ranges::any_of(list, [&](const std::string& entry) {
    if (entry == "*" || entry == value) return true;
    const std::size_t star = entry.find("*.");  // https://*.example.com
    return star != std::string::npos && value.size() > entry.size() - 1 && value.starts_with(entry.substr(0, star)) &&
           value.ends_with(entry.substr(star + 1));
  });
}

void set_list(http::Response& response, std::string_view name, const std::vector<std::string>& list) {
  if (!list.empty()) response.fields.set(name, fmt::format("{}", fmt::join(list, ",")));
}

void allow_origin(const function::Cors& cors, const std::string& origin, http::Response& response) {
  const bool any = std::ranges::find(cors.allow_origins, "*") != cors.allow_origins.end() && !cors.allow_credentials;
  response.fields.set("Access-Control-Allow-Origin", any ? "*" : origin);
  if (!any) response.fields.set("Vary", "Origin");
  if (cors.allow_credentials) response.fields.set("Access-Control-Allow-Credentials", "true");
}

}  // namespace

std::optional<http::Response> answer_preflight(const function::Cors& cors, const http::Request& request) {
  if (request.method != "OPTIONS" || request.fields.find("Access-Control-Request-Method") == nullptr) return std::nullopt;
  http::Response response;
  const std::string origin(request.fields.get("Origin"));
  const std::string method(request.fields.get("Access-Control-Request-Method"));
  if (origin.empty() || !allows(cors.allow_origins, origin) || !allows(cors.allow_methods, method)) return response;
  allow_origin(cors, origin, response);
  set_list(response, "Access-Control-Allow-Methods", cors.allow_methods);
  set_list(response, "Access-Control-Allow-Headers", cors.allow_headers);
  set_list(response, "Access-Control-Expose-Headers", cors.expose_headers);
  if (cors.max_age_s) response.fields.set("Access-Control-Max-Age", std::to_string(*cors.max_age_s));
  return response;
}

void apply_cors(const function::Cors& cors, const std::string& origin, http::Response& response) {
  if (origin.empty() || !allows(cors.allow_origins, origin)) return;
  allow_origin(cors, origin, response);
  set_list(response, "Access-Control-Expose-Headers", cors.expose_headers);
}

}  // namespace wick::api::function_url
