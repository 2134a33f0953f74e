// The front door, before anybody is known: which service is meant, how much of a body is read, and whether a web page asks. A route stays
// within its path; without credentials no other name than a loopback one passes; a refusal is JSON whatever it quotes.
//
// The input is "METHOD\npath\nHost\nOrigin"; what is missing is empty.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "gateway/body_limit.h"
#include "gateway/browser_guard.h"
#include "gateway/refusal.h"
#include "gateway/route.h"

namespace {

std::string take_line(std::string_view& text) {
  const std::size_t size = std::min(text.find('\n'), text.size());
  std::string line(text.substr(0, size));
  text.remove_prefix(std::min(size + 1, text.size()));
  return line;
}

void require(bool condition) {
  if (!condition) std::abort();
}

// Necessary, not sufficient: what no name or address of loopback lacks.
bool may_be_loopback(const std::string& name) {
  return name.ends_with("localhost") || name.starts_with("127.") || name.find(':') != std::string::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  wick::http::Request request;
  request.method = take_line(text);
  request.path = request.target = take_line(text);
  const std::string host = take_line(text);
  const std::string origin = take_line(text);
  request.fields.add("Host", host);
  if (!origin.empty()) request.fields.add("Origin", origin);

  const wick::gateway::Route route = wick::gateway::route_of(request);
  require(route.prefix <= request.path.size());
  require(route.service == wick::gateway::Service::function_url || (route.url_id.empty() && route.prefix == 0));
  require(wick::gateway::body_limit(request) > 0);
  if (auto reason = wick::gateway::browser_refusal(request)) {
    boost::system::error_code broken;
    boost::json::parse(to_response(route.service, {403, "AccessDeniedException", std::move(*reason)}).body, broken);
    require(!broken);
  } else {
    require(may_be_loopback(wick::gateway::host_name(host)));
  }
  return 0;
}
