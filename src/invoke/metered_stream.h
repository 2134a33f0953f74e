#pragma once
// A caller's stream that counts what goes to it, and how long the caller made it wait.
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "base/clock.h"
#include "invoke/invocation.h"

namespace wick::invoke {

class MeteredStream final : public ResponseStream {
 public:
  // stream and clock outlive it.
  MeteredStream(ResponseStream& stream, const Clock& clock) : stream_(stream), clock_(clock) {}

  boost::asio::awaitable<Result<>> begin(std::string content_type) override {
    const MonoTime started = clock_.monotonic();
    auto done = co_await stream_.begin(std::move(content_type));
    held_ += clock_.monotonic() - started;
    co_return done;
  }
  boost::asio::awaitable<Result<>> write(std::string chunk) override {
    const MonoTime started = clock_.monotonic();
    bytes_ += chunk.size();
    auto done = co_await stream_.write(std::move(chunk));
    held_ += clock_.monotonic() - started;
    co_return done;
  }

  std::uint64_t bytes() const { return bytes_; }
  std::int64_t held_us() const { return std::chrono::duration_cast<std::chrono::microseconds>(held_).count(); }

 private:
  ResponseStream& stream_;
  const Clock& clock_;
  std::uint64_t bytes_ = 0;
  MonoTime::duration held_{};
};

}  // namespace wick::invoke
