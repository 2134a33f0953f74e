#include "service/logs/logs.h"

#include <unordered_map>
#include <utility>

#include <spdlog/spdlog.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/worker_pool.h"
#include "service/logs/buffer.h"
#include "service/logs/chunks.h"
#include "service/logs/subscription.h"
#include "service/write_behind.h"

namespace wick::service::logs {

namespace asio = boost::asio;
using function::FunctionName;
using invoke::LogEvent;

namespace {

constexpr Millis kFlushInterval{100};
constexpr std::size_t kFlushBytes = kBufferBytesMax / 8;  // so much is flushed at once

}  // namespace

class Logs::Impl : public WriteBehind {
 public:
  Impl(asio::any_io_executor loop, WorkerPool& pool, kv::Store& store)
      : WriteBehind(loop, kFlushInterval, "the functions' logs"), loop_(std::move(loop)), pool_(pool), chunks_(store, kBytesMax) {}

  void append(LogEvent event);
  std::shared_ptr<Subscription> subscribe(const FunctionName& function);
  static asio::awaitable<Result<std::vector<LogEvent>>> read(std::shared_ptr<Impl> self, FunctionName function, WallTime since, std::size_t limit);
  static asio::awaitable<Result<>> remove(std::shared_ptr<Impl> self, FunctionName function);
  static asio::awaitable<void> stop(std::shared_ptr<Impl> self);

 private:
  void publish(const LogEvent& event);
  asio::awaitable<void> write() override;

  asio::any_io_executor loop_;
  WorkerPool& pool_;
  Chunks chunks_;
  Buffer buffer_{kBufferBytesMax};
  std::unordered_multimap<FunctionName, std::weak_ptr<Subscription>> readers_;
};

void Logs::Impl::append(LogEvent event) {
  if (closed()) return;
  publish(event);
  buffer_.add(std::move(event));
  if (buffer_.bytes() >= kFlushBytes) {
    flush_now();
  } else {
    flush_soon();
  }
}

asio::awaitable<void> Logs::Impl::write() {
  if (buffer_.empty()) co_return;
  const auto events = buffer_.take();
  const auto done = co_await pool_.run([&] { return chunks_.append(events); });
  if (done) co_return;
  spdlog::error("{} events of functions' logs could not be written: {}", events.size(), done.error().message);
  buffer_.lose(events);
}

void Logs::Impl::publish(const LogEvent& event) {
  const auto [begin, end] = readers_.equal_range(event.function);
  for (auto reader = begin; reader != end;) {
    if (const auto alive = reader->second.lock()) {
      alive->push(event);
      ++reader;
    } else {
      reader = readers_.erase(reader);
    }
  }
}

std::shared_ptr<Logs::Subscription> Logs::Impl::subscribe(const FunctionName& function) {
  std::erase_if(readers_, [](const auto& reader) { return reader.second.expired(); });
  auto made = std::make_shared<Subscription>(loop_);
  readers_.emplace(function, made);
  return made;
}

asio::awaitable<Result<std::vector<LogEvent>>> Logs::Impl::read(std::shared_ptr<Impl> self, FunctionName function, WallTime since,
                                                                std::size_t limit) {
  co_await flush(self);
  co_return co_await self->pool_.run([&] { return self->chunks_.read(function, since, limit); });
}

asio::awaitable<Result<>> Logs::Impl::remove(std::shared_ptr<Impl> self, FunctionName function) {
  self->buffer_.forget(function);
  co_await flush(self);
  co_return co_await self->pool_.run([&] { return self->chunks_.remove(function); });
}

asio::awaitable<void> Logs::Impl::stop(std::shared_ptr<Impl> self) {
  self->close();
  co_await flush(self);
}

Logs::Logs(asio::any_io_executor loop, WorkerPool& pool, kv::Store& store) : impl_(std::make_shared<Impl>(std::move(loop), pool, store)) {}
Logs::~Logs() { impl_->close(); }

void Logs::append(LogEvent event) { impl_->append(std::move(event)); }

asio::awaitable<Result<std::vector<LogEvent>>> Logs::read(FunctionName function, WallTime since, std::size_t limit) {
  return Impl::read(impl_, std::move(function), since, limit);
}

std::shared_ptr<Logs::Subscription> Logs::subscribe(const FunctionName& function) { return impl_->subscribe(function); }

asio::awaitable<std::vector<LogEvent>> Logs::next(std::shared_ptr<Subscription> subscription, std::chrono::milliseconds timeout) {
  if (subscription->empty()) {
    subscription->arrived().expires_after(timeout);
    (void)co_await subscription->arrived().async_wait(asio::as_tuple(asio::use_awaitable));
  }
  co_return subscription->take();
}

asio::awaitable<Result<>> Logs::remove(FunctionName function) { return Impl::remove(impl_, std::move(function)); }
asio::awaitable<void> Logs::stop() { return Impl::stop(impl_); }

}  // namespace wick::service::logs
