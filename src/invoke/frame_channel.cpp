#include "invoke/frame_channel.h"

#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "base/json_text.h"
#include "invoke/stream_sink.h"

namespace wick::invoke {
namespace {

namespace asio = boost::asio;
constexpr auto kValues = asio::as_tuple(asio::use_awaitable);

constexpr std::size_t kSpareReaders = 16;

std::string meta_of(const Invocation& invocation, long long deadline_ms) {
  std::string out;
  out.reserve(192 + invocation.invoked_arn.size() + invocation.trace_id.size() + invocation.client_context.size());
  append_json(out += R"({"requestId":)", invocation.id.str());
  fmt::format_to(std::back_inserter(out), R"(,"deadlineMs":{},"arn":)", deadline_ms);
  append_json(out, invocation.invoked_arn);
  if (!invocation.trace_id.empty()) append_json(out += R"(,"traceId":)", invocation.trace_id);
  if (!invocation.client_context.empty()) append_json(out += R"(,"clientContext":)", invocation.client_context);
  out.push_back('}');
  return out;
}

// Each call needs a reader, and a reader is too large for the heap to be quick about it: a few are kept.
std::vector<std::unique_ptr<FrameReader>>& spare_readers() {
  thread_local std::vector<std::unique_ptr<FrameReader>> spare;
  return spare;
}

struct KeepSpare {
  void operator()(FrameReader* reader) const {
    std::unique_ptr<FrameReader> owned(reader);
    if (spare_readers().size() < kSpareReaders) spare_readers().push_back(std::move(owned));
  }
};

using ReaderPtr = std::unique_ptr<FrameReader, KeepSpare>;

ReaderPtr take_reader() {
  auto& spare = spare_readers();
  if (spare.empty()) return ReaderPtr(std::make_unique_for_overwrite<FrameReader>().release());
  ReaderPtr reader(spare.back().release());
  spare.pop_back();
  reader->reset();
  return reader;
}

Reply ended(Reply::End end, std::string body = {}) { return {end, std::move(body), {}}; }

Reply unexpected(const Frame& frame) { return ended(Reply::End::broken, fmt::format("unexpected frame '{}'", static_cast<char>(frame.type))); }

}  // namespace

FrameChannel::FrameChannel(asio::any_io_executor loop, std::function<void(std::string_view)> log) : socket_(loop), log_(std::move(log)) {}

Result<> FrameChannel::open(UniqueFd socket) {
  boost::system::error_code ec;
  socket_.assign(asio::local::stream_protocol(), socket.get(), ec);
  if (ec) return fail(Errc::io, "runtime channel: " + ec.message());
  (void)socket.release();
  socket_.non_blocking(true, ec);
  if (ec) return fail(Errc::io, "runtime channel: " + ec.message());
  return {};
}

void FrameChannel::close() {
  usable_ = false;
  boost::system::error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_both, ignored);
}

asio::awaitable<Reply> FrameChannel::next(FrameReader& reader, Frame& out) {
  for (;;) {
    switch (reader.next(out)) {
      case FrameReader::Next::frame:
        if (out.type != FrameType::log) co_return ended(Reply::End::ok);
        log_(out.body);
        continue;
      case FrameReader::Next::broken:
        co_return ended(Reply::End::broken, "malformed frame");
      case FrameReader::Next::need_more:
        break;
    }
    // Never before the loop has asked the kernel what is ready: what was printed before the reply is then ahead of it (LogPipe::catch_up).
    auto [ec] = co_await socket_.async_wait(asio::socket_base::wait_read, kValues);
    const auto space = reader.space();
    const std::size_t size = ec ? 0 : socket_.read_some(asio::buffer(space.data(), space.size()), ec);
    if (ec == asio::error::would_block) continue;
    // The kernel resets a connection whose peer went away without reading all it was sent.
    if (ec == asio::error::connection_reset) co_return ended(Reply::End::not_taken);
    if (ec) co_return ended(Reply::End::gone);
    reader.received(size);
  }
}

asio::awaitable<Reply> FrameChannel::init() {
  const ReaderPtr reader = take_reader();
  Frame frame;
  Reply end = co_await next(*reader, frame);
  if (end.end == Reply::End::not_taken) end.end = Reply::End::gone;
  if (end.end != Reply::End::ok) co_return end;
  if (frame.type == FrameType::init_failed) co_return ended(Reply::End::failed, std::move(frame.body));
  if (frame.type != FrameType::ready || !reader->empty()) co_return unexpected(frame);
  usable_ = true;
  co_return ended(Reply::End::ok, std::move(frame.body));
}

asio::awaitable<Reply> FrameChannel::deliver(const Invocation& invocation, long long deadline_ms, ResponseStream* stream) {
  // Nothing is due from the runtime now. What is there all the same would pass for the answer to this invocation.
  boost::system::error_code gone;
  if (socket_.available(gone) > 0 || gone) {
    usable_ = false;
    co_return ended(Reply::End::not_taken);
  }
  const std::string sent = encode_invoke(meta_of(invocation, deadline_ms), invocation.payload);
  boost::system::error_code ec;
  std::size_t size = socket_.write_some(asio::buffer(sent), ec);  // all of it, but for the largest
  if (ec == asio::error::would_block) ec.clear();
  if (!ec && size < sent.size()) std::tie(ec, size) = co_await asio::async_write(socket_, asio::buffer(sent) + size, kValues);
  if (ec) {
    usable_ = false;
    co_return ended(Reply::End::not_taken);
  }
  const ReaderPtr reader = take_reader();
  Reply out = co_await reply(*reader, stream);
  if (out.end == Reply::End::gone || out.end == Reply::End::not_taken || out.end == Reply::End::broken || !reader->empty()) usable_ = false;
  co_return out;
}

asio::awaitable<Reply> FrameChannel::reply(FrameReader& reader, ResponseStream* stream) {
  Frame frame;
  Reply end = co_await next(reader, frame);
  if (end.end != Reply::End::ok) co_return end;
  switch (frame.type) {
    case FrameType::result:
    case FrameType::error:
      if (frame.truncated) co_return ended(Reply::End::too_large);
      co_return ended(frame.type == FrameType::result ? Reply::End::ok : Reply::End::failed, std::move(frame.body));
    case FrameType::stream_begin:
      co_return co_await streamed(reader, std::move(frame.body), stream);
    default:
      co_return unexpected(frame);
  }
}

asio::awaitable<Reply> FrameChannel::streamed(FrameReader& reader, std::string content_type, ResponseStream* stream) {
  StreamSink sink(stream);
  co_await sink.begin(std::move(content_type));
  for (;;) {
    Frame frame;
    Reply end = co_await next(reader, frame);
    if (end.end == Reply::End::not_taken) end.end = Reply::End::gone;  // it has begun to answer
    if (end.end != Reply::End::ok) co_return end;
    if (frame.type == FrameType::stream_chunk) {
      co_await sink.write(std::move(frame.body));
    } else if (frame.type == FrameType::stream_end) {
      if (sink.too_large()) co_return ended(Reply::End::too_large);
      if (!frame.body.empty()) co_return ended(Reply::End::failed, std::move(frame.body));
      co_return ended(Reply::End::ok, sink.take_collected());
    } else {
      co_return unexpected(frame);
    }
  }
}

}  // namespace wick::invoke
