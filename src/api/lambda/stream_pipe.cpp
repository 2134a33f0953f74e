#include "api/lambda/stream_pipe.h"

#include <chrono>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "invoke/engine.h"

namespace wick::api::lambda {

boost::asio::awaitable<void> StreamPipe::wait() {
  changed_.expires_after(std::chrono::hours(1));
  co_await changed_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
}

boost::asio::awaitable<Result<>> StreamPipe::begin(std::string content_type) {
  content_type_ = std::move(content_type);
  begun_ = true;
  notify();
  co_return dropped_ ? fail(Errc::unavailable, "the client is gone") : Result<>();
}

boost::asio::awaitable<Result<>> StreamPipe::write(std::string chunk) {
  while (!dropped_ && chunks_.size() >= kChunksMax) co_await wait();
  if (dropped_) co_return fail(Errc::unavailable, "the client is gone");
  chunks_.push_back(std::move(chunk));
  notify();
  co_return Result<>();
}

void StreamPipe::finish(Result<invoke::Outcome> outcome) {
  outcome_ = std::move(outcome);
  notify();
}

boost::asio::awaitable<const Result<invoke::Outcome>*> StreamPipe::first() {
  while (!begun_ && !outcome_) co_await wait();
  co_return begun_ ? nullptr : &*outcome_;
}

boost::asio::awaitable<std::optional<std::string>> StreamPipe::read() {
  while (chunks_.empty() && !outcome_) co_await wait();
  if (chunks_.empty()) co_return std::nullopt;
  auto chunk = std::move(chunks_.front());
  chunks_.pop_front();
  notify();
  co_return chunk;
}

void StreamPipe::drop() {
  dropped_ = true;
  chunks_.clear();
  notify();
}

namespace {

boost::asio::awaitable<void> run(invoke::Engine& engine, invoke::Invocation invocation, std::shared_ptr<StreamPipe> pipe) {
  auto outcome = co_await engine.invoke(std::move(invocation), pipe.get());
  pipe->finish(std::move(outcome));
}

}  // namespace

std::shared_ptr<StreamReader> start_streaming(const boost::asio::any_io_executor& loop, invoke::Engine& engine, invoke::Invocation invocation) {
  auto pipe = std::make_shared<StreamPipe>(loop);
  // The engine owns a running invocation and ends it when it stops; this only hands its outcome on.
  boost::asio::co_spawn(loop, run(engine, std::move(invocation), pipe), [pipe](const std::exception_ptr& bug) {
    if (bug) pipe->finish(fail(Errc::internal, "the invocation broke off"));
  });
  return std::make_shared<StreamReader>(pipe);
}

}  // namespace wick::api::lambda
