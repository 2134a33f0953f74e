#pragma once
// Between an invocation that streams its output and the HTTP response that carries it on: bounded, and either side may go first.
//
// The invocation begins before the response does, so that a refusal can still become an error status: first() waits for whichever
// comes first, output or the end. When the response side is dropped, writes fail, and the engine drops the rest of the output.
// Threads: event loop.
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "invoke/invocation.h"

namespace wick::invoke {
class Engine;
}

namespace wick::api::lambda {

class StreamPipe final : public invoke::ResponseStream {
 public:
  explicit StreamPipe(const boost::asio::any_io_executor& loop) : changed_(loop) {}

  // The invocation's side.
  boost::asio::awaitable<Result<>> begin(std::string content_type) override;
  boost::asio::awaitable<Result<>> write(std::string chunk) override;  // waits while the reader is behind
  void finish(Result<invoke::Outcome> outcome);

  // The response's side. first(): nullptr once output has begun, or how the invocation ended without any.
  boost::asio::awaitable<const Result<invoke::Outcome>*> first();
  boost::asio::awaitable<std::optional<std::string>> read();            // nullopt at the end
  const std::string& content_type() const { return content_type_; }     // once first() gave nullptr
  const Result<invoke::Outcome>& outcome() const { return *outcome_; }  // once read() gave nullopt
  void drop();

 private:
  boost::asio::awaitable<void> wait();
  void notify() { changed_.cancel(); }

  static constexpr std::size_t kChunksMax = 8;  // ahead of the reader
  boost::asio::steady_timer changed_;           // never expires by itself; cancelled on each change
  std::deque<std::string> chunks_;
  std::optional<Result<invoke::Outcome>> outcome_;
  std::string content_type_;
  bool begun_ = false;
  bool dropped_ = false;
};

// Whoever holds it reads from the pipe; when the last holder goes, the rest of the output is dropped.
class StreamReader {
 public:
  explicit StreamReader(std::shared_ptr<StreamPipe> pipe) : pipe_(std::move(pipe)) {}
  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;
  ~StreamReader() { pipe_->drop(); }
  StreamPipe* operator->() const { return pipe_.get(); }

 private:
  std::shared_ptr<StreamPipe> pipe_;
};

// Starts the invocation, whose output comes out of the reader. It runs to its end whether it is read or not.
std::shared_ptr<StreamReader> start_streaming(const boost::asio::any_io_executor& loop, invoke::Engine& engine, invoke::Invocation invocation);

}  // namespace wick::api::lambda
