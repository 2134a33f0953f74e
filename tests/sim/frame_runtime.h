#pragma once
// The inside of an instance of a managed runtime: one invocation after another over Wick's frames; or, of a template, parking.
#include <optional>
#include <string>

#include <boost/asio/local/stream_protocol.hpp>

#include "invoke/frame.h"
#include "runtime.h"

namespace wick::sim {

class FrameRuntime final : public Runtime {
 public:
  FrameRuntime(boost::asio::any_io_executor loop, Chance luck, const FunctionPlan* plan, const Clock& clock, Ledger& ledger, Fault fault)
      : Runtime(loop, luck, plan, clock, ledger, fault), channel_(loop) {}

 private:
  struct Asked {
    std::string id;
    long long deadline_ms = 0;
  };
  void connect(sandbox::Booted& ends) override;
  boost::asio::awaitable<void> live() override;
  void disconnect() override { channel_.close(); }

  boost::asio::awaitable<bool> get_ready();
  boost::asio::awaitable<bool> serve();
  boost::asio::awaitable<std::optional<Asked>> next();
  void wait_for_a_call();
  void answer(const std::string& id, Micros ran);
  void send(invoke::FrameType type, const std::string& body = {});

  boost::asio::local::stream_protocol::socket channel_;
};

}  // namespace wick::sim
