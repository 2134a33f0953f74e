#pragma once
// The HTTP address of a function: a request becomes an event in payload format 2.0, the function's result becomes the response.
//
// Who may call is the gateway's to check (AuthType). Threads: event loop. The references outlive it.
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/clock.h"
#include "base/random.h"
#include "http/message.h"

namespace wick::function {
class Registry;
struct UrlConfig;
}  // namespace wick::function
namespace wick::invoke {
class Engine;
}

namespace wick::api::function_url {

class FunctionUrl {
 public:
  FunctionUrl(boost::asio::any_io_executor loop, function::Registry& registry, invoke::Engine& engine, const Clock& clock, Random& random)
      : loop_(std::move(loop)), registry_(registry), engine_(engine), clock_(clock), random_(random) {}

  // request.path is the path below the URL: / or more.
  boost::asio::awaitable<http::Response> handle(std::string url_id, http::Request request);

 private:
  boost::asio::awaitable<http::Response> call(function::UrlConfig url, http::Request request);

  boost::asio::any_io_executor loop_;
  function::Registry& registry_;
  invoke::Engine& engine_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace wick::api::function_url
