#pragma once
// The live connections of one server: what they share, which there are, and whose time is up.
//
// Held by the server and by each connection, so it outlives both. One event loop. Time limits are checked by one timer for all
// connections, which runs only while there are any; a limit is noticed up to a second late, or a quarter of the shortest limit.
#include <memory>
#include <unordered_set>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.h"
#include "http/server.h"

namespace wick::http {

class Connection;

class ConnectionSet : public std::enable_shared_from_this<ConnectionSet> {
 public:
  ConnectionSet(boost::asio::any_io_executor loop, Handler handler, ServerOptions options);

  void serve(boost::asio::ip::tcp::socket socket);
  void finish();  // no further requests: idle connections close now, the others after their response
  void close();   // all, now
  boost::asio::awaitable<void> wait_until_empty(Millis at_most);

  const Handler& handler() const { return handler_; }
  const ServerOptions& options() const { return options_; }
  bool finishing() const { return finishing_; }
  void leave(Connection& connection);

 private:
  void arm_sweep();
  void sweep();

  boost::asio::any_io_executor loop_;
  const Handler handler_;
  const ServerOptions options_;
  const Millis sweep_period_;
  boost::asio::steady_timer sweep_timer_;
  boost::asio::steady_timer emptied_;
  std::unordered_set<Connection*> connections_;
  bool sweeping_ = false;
  bool finishing_ = false;
};

}  // namespace wick::http
