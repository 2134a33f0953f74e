#pragma once
// The inside of an instance of a custom runtime: loops, each of which asks for one invocation after another over a connection of its own to
// the Lambda Runtime API. Some come late, go away while they ask, never answer, break off an answer, or do not ask again.
//
// Local sockets stand for TCP (main.cpp): what is sent over them has arrived, so that all runs go the same way.
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/local/stream_protocol.hpp>

#include "http/message.h"
#include "runtime.h"

namespace wick::sim {

class CustomRuntime final : public Runtime {
 public:
  using Runtime::Runtime;

 private:
  class Connection;
  struct Asked {
    std::string id;
    long long deadline_ms = 0;
  };
  void connect(sandbox::Booted& ends) override;
  boost::asio::awaitable<void> live() override;
  void disconnect() override;

  void start_loop(Micros late = {});
  boost::asio::awaitable<void> loop(Micros late);
  boost::asio::awaitable<bool> serve(Connection& api);  // false: the loop does not ask again
  boost::asio::awaitable<std::optional<Asked>> next(Connection& api);
  boost::asio::awaitable<void> go_away(std::weak_ptr<Connection> api);
  boost::asio::awaitable<bool> answer(Connection& api, const std::string id, Micros time);
  boost::asio::awaitable<bool> stream(Connection& api, const std::string id, bool fails, Micros ran);

  boost::asio::local::stream_protocol::endpoint api_;
  std::vector<Connection*> connections_;
};

}  // namespace wick::sim
