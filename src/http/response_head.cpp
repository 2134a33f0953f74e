#include "http/response_head.h"

#include <algorithm>
#include <array>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/status.hpp>

#include "base/clock.h"

namespace wick::http {
namespace {

namespace beast = boost::beast;

// "Sun, 06 Nov 1994 08:49:37 GMT", formatted once a second.
std::string_view http_date() {
  thread_local std::time_t formatted = -1;
  thread_local std::string text;
  const auto now = static_cast<std::time_t>(unix_millis(Clock::system().now()) / 1000);
  if (now != formatted) {
    text = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(now));
    formatted = now;
  }
  return text;
}

bool is_any_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(names, [name](std::string_view other) {
    return name.size() == other.size() && beast::iequals({name.data(), name.size()}, {other.data(), other.size()});
  });
}

bool servers_own(std::string_view name) {
  return is_any_of(name, {"content-length", "transfer-encoding", "connection", "date", "keep-alive", "trailer", "upgrade"});
}

bool is_token(std::string_view name) { return !name.empty() && std::ranges::all_of(name, beast::http::detail::is_token_char); }

bool well_formed(std::string_view name, std::string_view value) {
  return is_token(name) && value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace

bool may_have_body(unsigned status) { return status >= 200 && status != 204 && status != 304; }

void append_response_head(std::string& out, const Response& response, ResponseFraming framing) {
  const auto reason = beast::http::obsolete_reason(beast::http::int_to_status(response.status));
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", response.status, std::string_view(reason.data(), reason.size()));
  for (const auto& [name, value] : response.fields.all()) {
    if (servers_own(name)) continue;
    if (!well_formed(name, value)) {
      spdlog::debug("left out a response header that is not well formed");
      continue;
    }
    out.append(name).append(": ").append(value).append("\r\n");
  }
  const auto* told_length = response.fields.find("content-length");
  if (framing.coding == Coding::chunked && may_have_body(response.status)) {
    out.append("Transfer-Encoding: chunked\r\n");
  } else if (framing.coding == Coding::length && framing.head_request && response.body.empty() && told_length != nullptr &&
             well_formed("content-length", *told_length)) {
    out.append("Content-Length: ").append(*told_length).append("\r\n");
  } else if (framing.coding == Coding::length && may_have_body(response.status)) {
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", response.body.size());
  }
  out.append("Date: ").append(http_date()).append("\r\n");
  if (!framing.keep_alive) {
    out.append("Connection: close\r\n");
  } else if (framing.minor_version == 0) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
}

}  // namespace wick::http
