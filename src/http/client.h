#pragma once
// One blocking HTTP/1.1 request over a connection of its own: how the `wick` command talks to the daemon.
//
// No event loop, no reuse, no redirects. Safe from any thread.
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace wick::http {

struct FetchOptions {
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds idle_timeout{1'000'000};  // without a byte from the server; a function may run 900 s
  // Called for each piece of the body as it arrives, which then stays out of Response::body. False ends the call without error.
  std::function<bool(unsigned status, std::string_view piece)> on_body;
};

// endpoint: http://HOST:PORT. Sets Host and Content-Length. Errors: invalid_argument (endpoint), unavailable (nobody listens there,
// or the connection broke), deadline_exceeded.
Result<Response> fetch(const std::string& endpoint, const Request& request, const FetchOptions& options = {});

}  // namespace wick::http
