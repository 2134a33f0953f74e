#pragma once
// One disk sync for many commits. Writers append to the log one after another and take a ticket each; whoever needs a ticket on
// disk waits here. The first to wait runs the sync for everything written before it started; those who come meanwhile share the
// next one. So commits per second grow with the number of waiting callers, not with the speed of fsync.
//
// A failed sync is final: what the kernel could not write it may have dropped, so every later wait fails too.
// Thread-safe. sync is called by one thread at a time, without any lock held.
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

#include "base/result.h"

namespace wick::kv {

class SharedSync {
 public:
  using Ticket = std::uint64_t;  // 0 is on disk from the start: to wait for it asks only whether a sync has failed

  explicit SharedSync(std::function<Result<>()> sync) : sync_(std::move(sync)) {}

  Ticket written();  // call after each write to the log
  Ticket last() const;
  Result<> wait(Ticket ticket);

 private:
  const std::function<Result<>()> sync_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Ticket written_ = 0;
  Ticket synced_ = 0;
  bool syncing_ = false;
  std::optional<Error> failure_;
};

}  // namespace wick::kv
