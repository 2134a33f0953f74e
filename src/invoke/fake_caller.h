#pragma once
// For tests: a caller that takes a streamed reply. No part of the program includes it.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "invoke/invocation.h"

namespace wick::invoke {

// It keeps what it gets, and may be slow or go away.
class FakeCaller final : public ResponseStream {
 public:
  explicit FakeCaller(boost::asio::io_context& loop) : timer_(loop) {}
  boost::asio::awaitable<Result<>> begin(std::string content_type) override {
    ++begun;
    type = std::move(content_type);
    co_return Result<>();
  }
  boost::asio::awaitable<Result<>> write(std::string chunk) override {
    EXPECT_EQ(begun, 1);
    if (received.size() >= gone_after) co_return fail(Errc::unavailable, "gone");
    while (held) {
      timer_.expires_after(std::chrono::milliseconds(1));
      co_await timer_.async_wait(boost::asio::use_awaitable);
    }
    received += chunk;
    ++chunks;
    co_return Result<>();
  }

  int begun = 0;
  int chunks = 0;
  bool held = false;
  std::size_t gone_after = std::string::npos;
  std::string type;
  std::string received;

 private:
  boost::asio::steady_timer timer_;
};

}  // namespace wick::invoke
