#pragma once
// The one front door: which service answers a request, and whether its caller may ask. Both the public listeners and the instances'
// own loopback (Request::instance set) come through handle().
//
// Every answer carries x-amzn-RequestId. What a service throws ends here, as a 500 ServiceException with the reason in the
// daemon's log. Without configured credentials, requests that a web page may have caused are refused (browser_guard.h).
//
// Threads: event loop.
#include <functional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "function/registry.h"
#include "gateway/caller.h"
#include "gateway/route.h"
#include "http/message.h"

namespace wick::gateway {

struct Services {
  using Api = std::function<boost::asio::awaitable<http::Response>(http::Request)>;

  Api lambda;
  Api wick;
  std::function<boost::asio::awaitable<http::Response>(std::string url_id, http::Request)> function_url;  // path without /_wick/url/ID
  std::function<Result<function::UrlConfig>(const std::string& url_id)> find_url;
};

class Gateway {
 public:
  // clock and random outlive the gateway.
  Gateway(Services services, Credentials credentials, const Clock& clock, Random& random);

  boost::asio::awaitable<http::Response> handle(http::Request request);

 private:
  boost::asio::awaitable<http::Response> answer(Route route, http::Request request);
  std::optional<Refusal> refusal(const Route& route, const http::Request& request) const;
  std::optional<Refusal> url_refusal(const Route& route, const http::Request& request) const;

  Services services_;
  Credentials credentials_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace wick::gateway
