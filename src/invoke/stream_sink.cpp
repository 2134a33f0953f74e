#include "invoke/stream_sink.h"

#include <algorithm>
#include <utility>

#include "invoke/channel.h"

namespace wick::invoke {

namespace asio = boost::asio;

asio::awaitable<void> StreamSink::begin(std::string content_type) {
  if (!open_) co_return;
  const bool printable = std::ranges::all_of(content_type, [](char c) { return c >= 0x20 && c < 0x7f; });
  if (content_type.empty() || !printable) content_type = "application/octet-stream";
  const auto begun = co_await stream_->begin(std::move(content_type));
  open_ = begun.has_value();
}

asio::awaitable<void> StreamSink::write(std::string chunk) {
  if (too_large_) co_return;
  size_ += chunk.size();
  if (size_ > (stream_ ? kStreamMax : kResponseMax)) {
    too_large_ = true;
    collected_ = {};
    co_return;
  }
  if (!stream_) {
    collected_.append(chunk);
  } else if (open_ && !chunk.empty()) {
    const auto written = co_await stream_->write(std::move(chunk));
    open_ = written.has_value();
  }
}

}  // namespace wick::invoke
