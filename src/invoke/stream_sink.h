#pragma once
// Where a streamed reply goes: to the caller's ResponseStream, or collected when there is none. Counts, and stops at the limits.
//
// After the limit, or once the caller is gone, the remaining output is taken and dropped: the invocation itself goes on.
#include <string>

#include <boost/asio/awaitable.hpp>

#include "invoke/invocation.h"

namespace wick::invoke {

class StreamSink {
 public:
  explicit StreamSink(ResponseStream* stream) : stream_(stream), open_(stream != nullptr) {}

  // An unusable content type (empty, not printable ASCII) becomes application/octet-stream.
  boost::asio::awaitable<void> begin(std::string content_type);
  boost::asio::awaitable<void> write(std::string chunk);

  bool too_large() const { return too_large_; }
  std::string take_collected() { return std::move(collected_); }

 private:
  ResponseStream* stream_;
  bool open_;
  bool too_large_ = false;
  std::size_t size_ = 0;
  std::string collected_;
};

}  // namespace wick::invoke
