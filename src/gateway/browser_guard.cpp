#include "gateway/browser_guard.h"

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "gateway/route.h"

namespace wick::gateway {
namespace {

constexpr std::string_view kRemedy = "start wick serve with --access-key and --secret-key to allow signed requests from there";

bool is_loopback(const std::string& name) {
  if (name == "localhost" || name.ends_with(".localhost")) return true;  // RFC 6761: always loopback
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(name, error);
  return !error && address.is_loopback();
}

bool is_loopback_origin(const std::string& origin) {
  const auto url = boost::urls::parse_uri(origin);
  return url && is_loopback(host_name(std::string(url->encoded_host_and_port())));
}

}  // namespace

std::optional<std::string> browser_refusal(const http::Request& request) {
  if (const std::string* host = request.fields.find("host"); host != nullptr && !is_loopback(host_name(*host))) {
    return fmt::format("Without credentials Wick answers only to localhost and loopback addresses, not to '{}': {}", *host, kRemedy);
  }
  return page_refusal(request);
}

std::optional<std::string> page_refusal(const http::Request& request) {
  if (const std::string* origin = request.fields.find("origin"); origin != nullptr) {
    if (is_loopback_origin(*origin)) return std::nullopt;
    return fmt::format("Without credentials Wick answers no web page of another site ({}): {}", *origin, kRemedy);
  }
  if (request.fields.get("sec-fetch-site") == "cross-site") {
    return fmt::format("Without credentials Wick answers no web page of another site: {}", kRemedy);
  }
  return std::nullopt;
}

}  // namespace wick::gateway
