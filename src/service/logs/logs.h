#pragma once
// Functions' logs: kept in kv/ in the order they were written, read by time, followed as they grow.
//
// append() only buffers; a flush commits the batch without waiting for the disk (kv::Durability::buffered), at the latest 100 ms later:
// kill -9 of the daemon loses at most that, a power loss about a second, a clean stop nothing. Each function keeps its newest
// kBytesMax; older events go, oldest first, about 1 MiB at a time. When the buffer is full (kBufferBytesMax), the oldest unflushed
// events of the function that has most of them are dropped and a line in their place says how many.
//
// Threads: event loop; what blocks goes to the pool. Owned by daemon/.
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/clock.h"
#include "base/result.h"
#include "invoke/engine.h"
#include "kv/store.h"

namespace wick {
class WorkerPool;
}

namespace wick::service::logs {

inline constexpr std::uint64_t kBytesMax = 64 * 1024 * 1024;     // of messages, per function
inline constexpr std::size_t kBufferBytesMax = 8 * 1024 * 1024;  // unflushed, of all functions
inline constexpr std::size_t kFollowEventsMax = 10'000;          // waiting for one reader
inline constexpr std::size_t kFollowBytesMax = 8 * 1024 * 1024;

class Logs {
 public:
  // All references outlive it.
  Logs(boost::asio::any_io_executor loop, WorkerPool& pool, kv::Store& store);
  ~Logs();

  void append(invoke::LogEvent event);

  // Events of the function at or after since, oldest first; the newest limit of them. Includes what is not flushed yet.
  boost::asio::awaitable<Result<std::vector<invoke::LogEvent>>> read(function::FunctionName function, WallTime since, std::size_t limit);

  // Waits until the function has new events and returns them; a subscription starts where it is made. Bounded: a reader more than
  // kFollowEventsMax or kFollowBytesMax behind misses the oldest. Empty after timeout without an event.
  class Subscription;
  std::shared_ptr<Subscription> subscribe(const function::FunctionName& function);
  static boost::asio::awaitable<std::vector<invoke::LogEvent>> next(std::shared_ptr<Subscription> subscription, std::chrono::milliseconds timeout);

  boost::asio::awaitable<Result<>> remove(function::FunctionName function);
  boost::asio::awaitable<void> stop();  // flushes; takes nothing more

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace wick::service::logs
