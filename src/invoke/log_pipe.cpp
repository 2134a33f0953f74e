#include "invoke/log_pipe.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "invoke/frame_reader.h"

namespace wick::invoke {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kReadSize = 16 * 1024;
constexpr int kReadsMax = 16;  // in one drain()

}  // namespace

LogPipe::LogPipe(asio::any_io_executor loop, std::function<void(std::string_view)> line) : pipe_(loop), line_(std::move(line)) {}

Result<> LogPipe::open(UniqueFd read_end) {
  boost::system::error_code ec;
  pipe_.assign(read_end.get(), ec);
  if (ec) return fail(Errc::io, "log pipe: " + ec.message());
  (void)read_end.release();
  pipe_.non_blocking(true, ec);
  if (ec) return fail(Errc::io, "log pipe: " + ec.message());
  return {};
}

asio::awaitable<bool> LogPipe::readable() {
  if (has_more()) {
    co_await asio::post(pipe_.get_executor(), asio::use_awaitable);
    co_return true;
  }
  if (!pipe_.is_open()) co_return false;
  awaited_ = true;
  const auto [ec] = co_await pipe_.async_wait(asio::posix::stream_descriptor::wait_read, asio::as_tuple(asio::use_awaitable));
  awaited_ = false;
  if (ec && ec != asio::error::operation_aborted) close();
  co_return has_more() || pipe_.is_open();
}

bool LogPipe::drain() {
  std::size_t lines = 0;
  split(lines);
  for (int i = 0; i < kReadsMax && !has_more() && pipe_.is_open(); ++i) {
    std::array<char, kReadSize> bytes;
    const ssize_t n = ::read(pipe_.native_handle(), bytes.data(), bytes.size());
    if (n > 0) {
      unsplit_.assign(bytes.data(), static_cast<std::size_t>(n));
      split(lines);
      if (static_cast<std::size_t>(n) < bytes.size()) break;
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
      close();
    } else if (errno == EAGAIN) {
      break;
    }
  }
  // What is read already makes no pipe readable: whoever waits for that takes it.
  boost::system::error_code ignored;
  if (has_more() && pipe_.is_open()) pipe_.cancel(ignored);
  return has_more();
}

asio::awaitable<void> LogPipe::catch_up() {
  if (awaited_ && !has_more()) co_return;
  int waiting = 0;
  if (pipe_.is_open()) (void)::ioctl(pipe_.native_handle(), FIONREAD, &waiting);
  const std::uint64_t target = split_ + unsplit_.size() + static_cast<std::uint64_t>(waiting);
  while (split_ < target && (has_more() || pipe_.is_open())) {
    drain();
    if (split_ < target) co_await asio::post(pipe_.get_executor(), asio::use_awaitable);
  }
}

void LogPipe::split(std::size_t& lines) {
  std::string_view bytes = unsplit_;
  for (; !bytes.empty() && lines < kLinesPerTurn; ++lines) {
    const std::size_t room = kLogEventMax - partial_.size();
    const std::size_t end = bytes.substr(0, room).find('\n');
    const bool whole = end != std::string_view::npos;
    const std::string_view piece = bytes.substr(0, whole ? end : room);
    bytes.remove_prefix(piece.size() + (whole ? 1 : 0));
    if (whole && partial_.empty()) {
      line_(piece);
      continue;
    }
    partial_.append(piece);
    if (whole || partial_.size() == kLogEventMax) line_(std::exchange(partial_, {}));
  }
  split_ += unsplit_.size() - bytes.size();
  unsplit_.erase(0, unsplit_.size() - bytes.size());
}

void LogPipe::flush() {
  if (!partial_.empty()) line_(std::exchange(partial_, {}));
}

void LogPipe::close() {
  boost::system::error_code ignored;
  pipe_.close(ignored);
}

}  // namespace wick::invoke
