#pragma once
// For tests: a Server on a loop and thread of its own, and a raw client socket that sends bytes and reads what comes back.
#include <future>
#include <string>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "base/clock.h"
#include "base/fd.h"
#include "http/server.h"

namespace wick::http {

class LoopbackServer {
 public:
  explicit LoopbackServer(Handler handler, ServerOptions options = {});
  ~LoopbackServer();

  std::uint16_t port() const { return port_; }
  std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }
  void on_loop(std::function<void()> call);  // and waits
  Server& server() { return *server_; }      // to be touched on its loop only
  std::future<void> stop(Millis grace);
  void destroy();  // the Server, not its loop
  boost::asio::io_context& loop() { return loop_; }

 private:
  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{loop_.get_executor()};
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

// Every read waits at most ten seconds, then counts as an end.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port);

  bool send(std::string_view bytes);             // false: the server has closed
  std::string read_until(std::string_view end);  // what came, to its end, or to the end of the connection
  std::string read_all();                        // to the end of the connection
  bool answered() const;                         // something can be read
  bool was_reset() const { return reset_; }
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
  std::string pending_;
  bool reset_ = false;
};

std::string exchange(std::uint16_t port, std::string_view bytes);  // one connection: sends, and reads to the end

}  // namespace wick::http
