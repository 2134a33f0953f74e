#pragma once
// Which service answers a request, by Host and path alone. A pure function.
//
//   Host: ID.lambda-url[.REGION].ANYTHING   a function URL
//   /_wick/url/ID/PATH                      the same, for tools without wildcard DNS
//   /_wick/v1/...                           Wick's own API
//   /2015-03-31/... (any date)              the Lambda API
#include <string>
#include <string_view>

#include "http/message.h"

namespace wick::gateway {

enum class Service { function_url, wick, lambda, none };

struct Route {
  Service service = Service::none;
  std::string url_id;      // of a function URL, lower case
  std::size_t prefix = 0;  // length of /_wick/url/ID, which the function does not see
};

Route route_of(const http::Request& request);

// The name in a Host header: lower case, without port and brackets.
std::string host_name(std::string_view host);

}  // namespace wick::gateway
