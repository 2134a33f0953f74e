// A function URL, both ways. To the function: whatever a stranger sends, its event is JSON in UTF-8 with the body as it came. From the
// function: whatever it answers, or begins a stream with, is one response with a status of HTTP and a header that ends where it ends.
//
// The input is "METHOD\0target\0Name:value lines\0body"; what is missing is empty. The body is the function's answer as well.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "api/function_url/cors.h"
#include "api/function_url/event.h"
#include "api/function_url/reply.h"
#include "base/digest.h"
#include "http/aws/utf8.h"
#include "http/response_head.h"

namespace {

namespace json = boost::json;
using namespace wick::api::function_url;

void require(bool condition) {
  if (!condition) std::abort();
}

std::string_view take(std::string_view& rest, char end) {
  const std::size_t size = std::min(rest.find(end), rest.size());
  const std::string_view piece = rest.substr(0, size);
  rest.remove_prefix(std::min(size + 1, rest.size()));
  return piece;
}

wick::http::Request read_request(std::string_view rest) {
  wick::http::Request request;
  request.method = take(rest, '\0');
  request.target = take(rest, '\0');
  std::string_view target = request.target;
  request.path = take(target, '?');
  request.query = target;
  for (std::string_view lines = take(rest, '\0'); !lines.empty();) {
    std::string_view line = take(lines, '\n');
    const std::string name(take(line, ':'));
    request.fields.add(name, std::string(line));
  }
  request.body = rest;
  return request;
}

void check_event(const wick::http::Request& request, const std::string& access_key) {
  const std::string text =
      make_event(request, {.url_id = "id", .request_id = "r", .trace_id = "t", .time = {}, .account = "000000000000", .access_key = access_key});
  require(wick::http::aws::valid_utf8(text) == text);
  boost::system::error_code broken;
  const json::value value = json::parse(text, broken);
  require(!broken);
  const json::object& event = value.as_object();
  const json::value* body = event.if_contains("body");
  require((body == nullptr) == request.body.empty());
  if (body == nullptr) return;
  const std::string said(body->as_string());
  require(event.at("isBase64Encoded").as_bool() ? wick::from_base64(said) == request.body : said == request.body);
}

const wick::function::Cors kCors{.allow_credentials = true,
                                 .allow_headers = {"a"},
                                 .allow_methods = {"*"},
                                 .allow_origins = {"https://*.example.com", "http://a"},
                                 .expose_headers = {},
                                 .max_age_s = 1};

void check_response(wick::http::Response response, const std::string& origin) {
  apply_cors(kCors, origin, response);
  require(response.status >= 100 && response.status <= 599);
  std::string head;
  wick::http::append_response_head(head, response, {});
  require(head.find("\r\n\r\n") == head.size() - 4);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wick::http::Request request = read_request({reinterpret_cast<const char*>(data), size});
  check_event(request, {});
  check_event(request, request.method);
  const std::string origin(request.fields.get("Origin"));
  check_response(reply_of(request.body), origin);
  if (const auto response = reply_of_prelude(request.body)) check_response(*response, origin);
  if (const auto response = answer_preflight(kCors, request)) check_response(*response, origin);
  return 0;
}
