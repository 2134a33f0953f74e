#include "api/function_url/reply.h"

#include <boost/json.hpp>

#include "base/digest.h"

namespace wick::api::function_url {
namespace {

namespace json = boost::json;

// A header's value may be a string, a number or true and false; nothing in it may end the line.
std::optional<std::string> header_value(const json::value& value) {
  std::string text = value.is_string() ? std::string(value.as_string()) : json::serialize(value);
  if (text.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) return std::nullopt;
  return text;
}

bool is_token(std::string_view name) {
  return !name.empty() &&
         name.find_first_not_of("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == std::string_view::npos;
}

// The server's own, for each connection.
bool is_hop_by_hop(std::string_view name) {
  for (const std::string_view own : {"content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer"}) {
    if (name.size() == own.size() && std::ranges::equal(name, own, [](char a, char b) { return (a | 0x20) == b; })) return true;
  }
  return false;
}

bool add_headers(http::Response& response, const json::object& answer) {
  if (const json::value* headers = answer.if_contains("headers"); headers != nullptr && headers->is_object()) {
    for (const auto& [name, value] : headers->as_object()) {
      if (value.is_null() || is_hop_by_hop(name)) continue;
      auto text = header_value(value);
      if (!text || !is_token(name)) return false;
      response.fields.add(std::string(name), std::move(*text));
    }
  }
  if (const json::value* cookies = answer.if_contains("cookies"); cookies != nullptr && cookies->is_array()) {
    for (const json::value& cookie : cookies->as_array()) {
      auto text = header_value(cookie);
      if (!text) return false;
      response.fields.add("Set-Cookie", std::move(*text));
    }
  }
  return true;
}

// Numbers and texts of digits, as AWS takes them.
std::optional<unsigned> status_of(const json::value& value) {
  std::int64_t status = 0;
  if (value.is_int64())
    status = value.as_int64();
  else if (value.is_string())
    status = std::atoll(value.as_string().c_str());
  if (status < 100 || status > 599) return std::nullopt;
  return static_cast<unsigned>(status);
}

bool set_body(http::Response& response, const json::object& answer) {
  const json::value* body = answer.if_contains("body");
  if (body == nullptr || body->is_null()) return true;
  response.body = body->is_string() ? std::string(body->as_string()) : json::serialize(*body);
  const json::value* encoded = answer.if_contains("isBase64Encoded");
  if (encoded == nullptr || !encoded->is_bool() || !encoded->as_bool()) return true;
  auto bytes = from_base64(response.body);
  if (!bytes) return false;
  response.body = std::move(*bytes);
  return true;
}

// The result itself as the body. A string goes without its quotes; the rest stays byte for byte what the function said.
http::Response plain_reply(const std::string& result, const json::value* value) {
  http::Response response;
  response.fields.add("Content-Type", "application/json");
  response.body = value != nullptr && value->is_string() ? std::string(value->as_string()) : result;
  return response;
}

http::Response refuse(unsigned status, std::string_view error_type, const json::value& message) {
  http::Response response;
  response.status = status;
  response.fields.add("Content-Type", "application/json");
  response.fields.add("x-amzn-ErrorType", std::string(error_type));
  response.body = json::serialize(json::object{{"Message", message}});
  return response;
}

}  // namespace

http::Response reply_of(const std::string& result) {
  unsigned char space[2048];  // an ordinary reply's values take no heap
  json::monotonic_resource memory(space);
  boost::system::error_code broken;
  const json::value value = json::parse(result, broken, &memory);
  if (broken) return plain_reply(result, nullptr);
  if (!value.is_object() || !value.as_object().contains("statusCode")) return plain_reply(result, &value);
  const json::object& answer = value.as_object();
  http::Response response;
  const auto status = status_of(answer.at("statusCode"));
  if (!status || !add_headers(response, answer) || !set_body(response, answer)) return internal_error();
  response.status = *status;
  if (response.fields.find("Content-Type") == nullptr) response.fields.add("Content-Type", "application/json");
  return response;
}

std::optional<http::Response> reply_of_prelude(std::string_view prelude) {
  boost::system::error_code broken;
  const json::value value = json::parse(json::string_view(prelude.data(), prelude.size()), broken);
  if (broken || !value.is_object()) return std::nullopt;
  http::Response response;
  if (const json::value* status = value.as_object().if_contains("statusCode")) {
    const auto number = status_of(*status);
    if (!number) return std::nullopt;
    response.status = *number;
  }
  if (!add_headers(response, value.as_object())) return std::nullopt;
  if (response.fields.find("Content-Type") == nullptr) response.fields.add("Content-Type", "application/octet-stream");
  return response;
}

http::Response refusal(unsigned status, std::string_view error_type, std::string_view message) {
  return refuse(status, error_type, json::string(message));
}

http::Response no_such_url() { return refuse(403, "AccessDeniedException", nullptr); }

http::Response forbidden() {
  return refusal(
      403, "AccessDeniedException",
      "Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html");
}

http::Response internal_error() {
  http::Response response;
  response.status = 502;
  response.fields.add("Content-Type", "application/json");
  response.body = "Internal Server Error";
  return response;
}

}  // namespace wick::api::function_url
