#include "api/function_url/event.h"

#include <algorithm>
#include <cctype>

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <boost/json.hpp>

#include "base/digest.h"
#include "http/aws/utf8.h"

namespace wick::api::function_url {
namespace {

namespace json = boost::json;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Adds value under name, after a comma if the name has one already. The event must be JSON whatever bytes the client sent.
void join(json::object& object, std::string_view raw_name, std::string_view raw_value) {
  const std::string name = http::aws::valid_utf8(std::string(raw_name));
  const std::string value = http::aws::valid_utf8(std::string(raw_value));
  if (json::value* present = object.if_contains(name)) {
    present->as_string().push_back(',');
    present->as_string().append(value);
  } else {
    object.emplace(name, value);
  }
}

json::object headers_of(const http::Request& request, const Origin& origin) {
  json::object headers;
  for (const auto& [name, value] : request.fields.all()) {
    if (auto key = lower(name); key != "connection") join(headers, key, value);  // speaks of the hop to Wick, as AWS leaves it out
  }
  headers["x-amzn-trace-id"] = origin.trace_id;
  join(headers, "x-forwarded-for", request.peer_address);
  const std::string_view host = request.fields.get("Host");
  const std::size_t colon = host.rfind(':');
  headers["x-forwarded-port"] = colon == std::string_view::npos ? "80" : host.substr(colon + 1);
  headers["x-forwarded-proto"] = "http";
  return headers;
}

json::array cookies_of(const http::Request& request) {
  json::array cookies;
  for (const auto& [name, value] : request.fields.all()) {
    if (lower(name) != "cookie") continue;
    for (std::string_view rest = value; !rest.empty();) {
      const std::string_view cookie = rest.substr(0, rest.find(';'));
      if (!trim(cookie).empty()) cookies.emplace_back(http::aws::valid_utf8(std::string(trim(cookie))));
      rest.remove_prefix(std::min(rest.size(), cookie.size() + 1));
    }
  }
  return cookies;
}

bool is_text(std::string_view content_type) {
  const std::string type = lower(std::string(trim(content_type.substr(0, content_type.find(';')))));
  return type.starts_with("text/") || type == "application/json" || type == "application/javascript" || type == "application/xml";
}

bool is_utf8(const std::string& text) { return http::aws::valid_utf8(text) == text; }

void add_body(json::object& event, const http::Request& request) {
  const bool text = request.body.empty() || (is_text(request.fields.get("Content-Type")) && is_utf8(request.body));
  if (!request.body.empty()) event["body"] = text ? request.body : to_base64(request.body);
  event["isBase64Encoded"] = !text;
}

// The one account is its own root user: it has no others.
json::object iam_caller(const Origin& origin) {
  return {{"accessKey", origin.access_key}, {"accountId", origin.account}, {"callerId", origin.account},
          {"cognitoIdentity", nullptr},     {"principalOrgId", nullptr},   {"userArn", fmt::format("arn:aws:iam::{}:root", origin.account)},
          {"userId", origin.account}};
}

json::object request_context(const http::Request& request, const Origin& origin) {
  const std::string_view host = request.fields.get("Host");
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(origin.time.time_since_epoch()).count();
  json::object context{{"accountId", origin.access_key.empty() ? "anonymous" : origin.account},
                       {"apiId", origin.url_id},
                       {"domainName", host.substr(0, host.rfind(':'))},
                       {"domainPrefix", origin.url_id},
                       {"http",
                        {{"method", request.method},
                         {"path", http::aws::valid_utf8(request.path)},
                         {"protocol", "HTTP/1.1"},
                         {"sourceIp", request.peer_address},
                         {"userAgent", http::aws::valid_utf8(std::string(request.fields.get("User-Agent")))}}},
                       {"requestId", origin.request_id},
                       {"routeKey", "$default"},
                       {"stage", "$default"},
                       {"time", fmt::format("{:%d/%b/%Y:%H:%M:%S} +0000", fmt::gmtime(static_cast<std::time_t>(seconds)))},
                       {"timeEpoch", unix_millis(origin.time)}};
  if (!origin.access_key.empty()) context["authorizer"] = json::object{{"iam", iam_caller(origin)}};
  return context;
}

}  // namespace

std::string make_event(const http::Request& request, const Origin& origin) {
  json::object event{{"version", "2.0"},
                     {"routeKey", "$default"},
                     {"rawPath", http::aws::valid_utf8(request.path)},
                     {"rawQueryString", http::aws::valid_utf8(request.query)}};
  if (json::array cookies = cookies_of(request); !cookies.empty()) event["cookies"] = std::move(cookies);
  event["headers"] = headers_of(request, origin);
  json::object parameters;
  for (const auto& [name, value] : http::parse_query(request.query)) join(parameters, name, value);
  if (!parameters.empty()) event["queryStringParameters"] = std::move(parameters);
  event["requestContext"] = request_context(request, origin);
  add_body(event, request);
  return json::serialize(event);
}

}  // namespace wick::api::function_url
