#include "api/function_url/event.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <boost/beast/core/string.hpp>
#include <boost/json.hpp>

#include "base/digest.h"
#include "base/json_text.h"
#include "http/aws/utf8.h"

namespace wick::api::function_url {
namespace {

namespace json = boost::json;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool same_name(std::string_view a, std::string_view b) { return boost::beast::iequals({a.data(), a.size()}, {b.data(), b.size()}); }

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// The event must be JSON whatever bytes the client sent.
void append_text(std::string& out, std::string_view text) {
  const bool ascii = std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  ascii ? append_json(out, text) : append_json(out, http::aws::valid_utf8(std::string(text)));
}

// ,"name":"value"
void append_member(std::string& out, std::string_view name, std::string_view value) {
  out.push_back(',');
  append_text(out, name);
  out.push_back(':');
  append_text(out, value);
}

// Wick's own, and what speaks of the hop to Wick alone, as AWS leaves it out.
bool is_passed_on(std::string_view name) {
  constexpr std::array own = {"connection", "x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"};
  return std::ranges::none_of(own, [name](std::string_view one) { return same_name(one, name); });
}

std::string all_values(const http::Request& request, std::string_view name) {
  std::string out;
  std::string_view comma;
  for (const auto& [other, value] : request.fields.all()) {
    if (same_name(name, other)) out.append(std::exchange(comma, ",")).append(value);
  }
  return out;
}

void append_headers(std::string& out, const http::Request& request, const Origin& origin) {
  out += R"("headers":{"x-amzn-trace-id":)";
  append_text(out, origin.trace_id);
  const auto& fields = request.fields.all();
  for (auto field = fields.begin(); field != fields.end(); ++field) {
    const auto& name = field->first;
    const auto is_same = [&name](const auto& other) { return same_name(name, other.first); };
    if (!is_passed_on(name) || std::any_of(fields.begin(), field, is_same)) continue;
    const bool again = std::any_of(std::next(field), fields.end(), is_same);
    append_member(out, lower(name), again ? all_values(request, name) : std::string_view(field->second));
  }
  std::string forwarded = all_values(request, "x-forwarded-for");
  if (!forwarded.empty()) forwarded.push_back(',');
  append_member(out, "x-forwarded-for", forwarded + request.peer_address);
  const std::string_view host = request.fields.get("Host");
  const std::size_t colon = host.rfind(':');
  append_member(out, "x-forwarded-port", colon == std::string_view::npos ? "80" : host.substr(colon + 1));
  append_member(out, "x-forwarded-proto", "http");
  out.push_back('}');
}

void append_parameters(std::string& out, const http::Request& request) {
  json::object parameters;
  for (const auto& [raw_name, raw_value] : http::parse_query(request.query)) {
    const std::string name = http::aws::valid_utf8(raw_name);
    const std::string value = http::aws::valid_utf8(raw_value);
    if (json::value* present = parameters.if_contains(name)) {
      present->as_string().push_back(',');
      present->as_string().append(value);
    } else {
      parameters.emplace(name, value);
    }
  }
  if (!parameters.empty()) out.append(R"("queryStringParameters":)").append(json::serialize(parameters)).append(",");
}

void append_cookies(std::string& out, const http::Request& request) {
  std::string cookies;
  for (const auto& [name, value] : request.fields.all()) {
    if (!same_name(name, "cookie")) continue;
    for (std::string_view rest = value; !rest.empty();) {
      const std::string_view cookie = rest.substr(0, rest.find(';'));
      if (!trim(cookie).empty()) append_text(cookies.empty() ? cookies : cookies.append(","), trim(cookie));
      rest.remove_prefix(std::min(rest.size(), cookie.size() + 1));
    }
  }
  if (!cookies.empty()) out.append(R"("cookies":[)").append(cookies).append("],");
}

bool is_text(std::string_view content_type) {
  const std::string type = lower(std::string(trim(content_type.substr(0, content_type.find(';')))));
  return type.starts_with("text/") || type == "application/json" || type == "application/javascript" || type == "application/xml";
}

bool is_utf8(const std::string& text) { return http::aws::valid_utf8(text) == text; }

void append_body(std::string& out, const http::Request& request) {
  const bool text = request.body.empty() || (is_text(request.fields.get("Content-Type")) && is_utf8(request.body));
  if (!request.body.empty()) {
    out += R"("body":)";
    append_json(out, text ? std::string_view(request.body) : to_base64(request.body));
    out.push_back(',');
  }
  out += text ? R"("isBase64Encoded":false)" : R"("isBase64Encoded":true)";
}

// The one account is its own root user: it has no others.
json::object iam_caller(const Origin& origin) {
  return {{"accessKey", http::aws::valid_utf8(origin.access_key)},
          {"accountId", origin.account},
          {"callerId", origin.account},
          {"cognitoIdentity", nullptr},
          {"principalOrgId", nullptr},
          {"userArn", fmt::format("arn:aws:iam::{}:root", origin.account)},
          {"userId", origin.account}};
}

// "02/Jan/2026:03:04:05 +0000", formatted once a second.
std::string_view log_time(WallTime time) {
  thread_local std::time_t formatted = -1;
  thread_local std::string text;
  const auto now = static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count());
  if (now != formatted) {
    text = fmt::format("{:%d/%b/%Y:%H:%M:%S} +0000", fmt::gmtime(now));
    formatted = now;
  }
  return text;
}

void append_context(std::string& out, const http::Request& request, const Origin& origin) {
  const std::string_view host = request.fields.get("Host");
  out += R"("requestContext":{"accountId":)";
  append_text(out, origin.access_key.empty() ? "anonymous" : origin.account);
  append_member(out, "apiId", origin.url_id);
  append_member(out, "domainName", host.substr(0, host.rfind(':')));
  append_member(out, "domainPrefix", origin.url_id);
  out += R"(,"http":{"method":)";
  append_text(out, request.method);
  append_member(out, "path", request.path);
  append_member(out, "protocol", "HTTP/1.1");
  append_member(out, "sourceIp", request.peer_address);
  append_member(out, "userAgent", request.fields.get("User-Agent"));
  out.push_back('}');
  append_member(out, "requestId", origin.request_id);
  append_member(out, "routeKey", "$default");
  append_member(out, "stage", "$default");
  append_member(out, "time", log_time(origin.time));
  fmt::format_to(std::back_inserter(out), R"(,"timeEpoch":{})", unix_millis(origin.time));
  if (!origin.access_key.empty()) out.append(R"(,"authorizer":)").append(json::serialize(json::object{{"iam", iam_caller(origin)}}));
  out += "},";
}

}  // namespace

std::string make_event(const http::Request& request, const Origin& origin) {
  std::string out;
  out.reserve(1024 + 2 * request.body.size());
  out += R"({"version":"2.0","routeKey":"$default")";
  append_member(out, "rawPath", request.path);
  append_member(out, "rawQueryString", request.query);
  out.push_back(',');
  append_cookies(out, request);
  append_headers(out, request, origin);
  out.push_back(',');
  append_parameters(out, request);
  append_context(out, request, origin);
  append_body(out, request);
  out.push_back('}');
  return out;
}

}  // namespace wick::api::function_url
