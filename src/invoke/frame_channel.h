#pragma once
// The channel of a managed runtime: Wick's frames (frame.h) on the instance's stream socket.
//
// A warm invocation is one write and, for an ordinary reply, one read. Nothing is read between invocations: what a runtime sends then
// breaks the protocol and is found with the next reply.
#include <functional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "base/fd.h"
#include "base/result.h"
#include "invoke/channel.h"
#include "invoke/frame_reader.h"

namespace wick::invoke {

class FrameChannel final : public Channel {
 public:
  // log is called for each log event that the runtime sends.
  FrameChannel(boost::asio::any_io_executor loop, std::function<void(std::string_view)> log);
  Result<> open(UniqueFd socket);

  boost::asio::awaitable<Reply> init() override;
  boost::asio::awaitable<Reply> deliver(const Invocation& invocation, long long deadline_ms, ResponseStream* stream) override;
  std::uint32_t ready() const override { return usable_ ? 1 : 0; }
  bool usable() const override { return usable_; }
  void close() override;

 private:
  // The next frame that is not a log event. An end other than ok: there is none any more.
  boost::asio::awaitable<Reply> next(FrameReader& reader, Frame& out);
  boost::asio::awaitable<Reply> reply(FrameReader& reader, ResponseStream* stream);
  boost::asio::awaitable<Reply> streamed(FrameReader& reader, std::string content_type, ResponseStream* stream);

  boost::asio::local::stream_protocol::socket socket_;
  std::function<void(std::string_view)> log_;
  bool usable_ = false;
};

}  // namespace wick::invoke
