#include "http/message_body.h"

#include <fmt/format.h>

namespace wick::http {
namespace {

namespace asio = boost::asio;

Error error_of(const Refusal& refusal) {
  if (refusal.status == 0) return {Errc::unavailable, "the client is gone"};
  const Errc code = refusal.status == 413 || refusal.status == 431 ? Errc::too_large
                    : refusal.status == 408                        ? Errc::deadline_exceeded
                                                                   : Errc::unavailable;
  return {code, std::string(refusal.message)};
}

}  // namespace

asio::awaitable<Result<std::string>> StreamedBody::read() {
  if (failed_) co_return std::unexpected(*failed_);
  connection_.allow(read_timeout_);
  const auto step = co_await connection_.read_body_piece(parser_);
  connection_.no_deadline();
  if (!step) {
    failed_ = error_of(step.error());
    co_return std::unexpected(*failed_);
  }
  co_return std::exchange(parser_.body(), {});
}

asio::awaitable<Result<>> ChunkWriter::write(std::string chunk) {
  if (chunk.empty()) co_return Result<>();
  const std::string size = chunked_ ? fmt::format("{:x}\r\n", chunk.size()) : std::string();
  const std::string_view end = chunked_ ? "\r\n" : "";
  connection_.allow(write_timeout_);
  auto written = co_await connection_.write({asio::buffer(size), asio::buffer(chunk), asio::buffer(end)});
  connection_.no_deadline();
  co_return written;
}

asio::awaitable<Result<>> ChunkWriter::end() {
  if (!chunked_) co_return Result<>();
  constexpr std::string_view last = "0\r\n\r\n";
  connection_.allow(write_timeout_);
  co_return co_await connection_.write({asio::buffer(last)});
}

}  // namespace wick::http
