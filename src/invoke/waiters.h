#pragma once
// Calls of one version that wait for a place on an instance: one that another call still has, or one of an instance that starts. Whoever has a
// place to give hands it to the one that has waited longest.
//
// Threads: the engine's loop. Owned by the version's pool, which outlives every wait.
#include <deque>
#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/clock.h"
#include "invoke/watchdog.h"

namespace wick::invoke {

class Instance;
using InstancePtr = std::shared_ptr<Instance>;

class Waiters {
 public:
  Waiters(boost::asio::any_io_executor loop, const Clock& clock);

  // nullptr: none was given until then, which may be noticed a millisecond later, or it was released. since: when the call began to wait, which
  // may be longer ago than this wait.
  boost::asio::awaitable<InstancePtr> wait(MonoTime since, MonoTime until);

  bool give(const InstancePtr& instance);  // false: nobody waits
  void release_all() { release_beyond(0); }
  void release_beyond(std::size_t count);  // of those that have waited longest, so that no more than that wait
  std::size_t size() const { return queue_.size(); }

 private:
  struct Waiter {
    MonoTime since;
    MonoTime until;
    std::move_only_function<void(InstancePtr)> resume;
  };
  void resume(Waiter waiter, InstancePtr instance);
  void resume_first(InstancePtr instance);
  void release_overdue();

  const boost::asio::any_io_executor loop_;
  const Clock& clock_;
  std::deque<Waiter> queue_;  // by since
  Watchdog overdue_;          // not later than the first wait is to end
};

}  // namespace wick::invoke
