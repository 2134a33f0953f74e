#pragma once
// An HTTP/1.1 server over Beast: keep-alive, pipelining one at a time, chunked bodies, Expect: 100-continue.
//
// Bounds, so that a stranger can neither fill memory nor hold a connection for nothing: header size and count, body size (by what
// the head asks for), bodies in memory at once, time to send a header and a body, idle time, number of connections. A request over
// a bound gets 400, 408, 413, 417, 431 or 503 and the connection is closed.
//
// Threads: one event loop, on which every member is called. Connections share the state they need, so the server may go before
// them: close() and the destructor close every socket at once, and a handler that still runs then has its response dropped.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/fd.h"
#include "base/result.h"
#include "http/body_budget.h"
#include "http/message.h"

namespace wick::http {

struct ServerLimits {
  std::size_t header_bytes = 64 * 1024;
  std::size_t header_count = 256;
  std::size_t body_bytes = 128 * 1024 * 1024;
  std::size_t connections = 10'000;
  std::chrono::milliseconds header_timeout{30'000};
  std::chrono::milliseconds body_timeout{300'000};  // a whole body; of a streamed one, each read()
  std::chrono::milliseconds idle_timeout{75'000};   // between requests, and of a client that does not read its response
};

enum class Bodies {
  whole,     // Request::body; what nearly every handler wants
  streamed,  // Request::body_reader
};

// The largest body that a request of this head may have, asked before any of it is read: method to fields are set.
using BodyLimit = std::function<std::size_t(const Request& head)>;

struct ServerOptions {
  ServerLimits limits;
  BodyLimit body_limit;                     // narrows limits.body_bytes; none: it does not
  std::shared_ptr<BodyBudget> body_budget;  // for whole bodies, from their first byte until their handler has answered; none: no bound
  Bodies bodies = Bodies::whole;
  std::string instance;  // copied into each Request; empty for the public front
};

// Runs to its end even when its client has gone. What it throws becomes a 500 with a logged reason.
using Handler = std::function<boost::asio::awaitable<Response>(Request)>;

class Server {
 public:
  Server(boost::asio::any_io_executor loop, Handler handler, ServerOptions options = {});
  ~Server();

  Result<std::uint16_t> listen(const std::string& address, std::uint16_t port);  // port 0: the kernel chooses; returns it
  Result<> adopt(UniqueFd listening_socket);                                     // TCP, listening already, perhaps in another network namespace
  // Accepts no more and closes idle connections; returns when the running handlers have answered, or closes what is left after grace.
  boost::asio::awaitable<void> stop(std::chrono::milliseconds grace);
  void close();  // at once: for an instance that is gone

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace wick::http
