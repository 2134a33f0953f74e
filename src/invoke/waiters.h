#pragma once
// Calls of one version that wait for an instance which another call still has. First come, first served: whoever gives an instance back
// hands it to the one that has waited longest.
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

  // nullptr: none was given until then, or release_all() came. One timer serves all, so a wait ends late when earlier ones were to be longer.
  boost::asio::awaitable<InstancePtr> wait(MonoTime until);

  bool give(const InstancePtr& instance);  // false: nobody waits
  void release_all();
  std::size_t size() const { return queue_.size(); }

 private:
  struct Waiter {
    MonoTime until;
    std::move_only_function<void(InstancePtr)> resume;
  };
  void resume_first(InstancePtr instance);
  void release_overdue();

  const boost::asio::any_io_executor loop_;
  const Clock& clock_;
  std::deque<Waiter> queue_;
  Watchdog overdue_;  // set for the first in the queue, or earlier
};

}  // namespace wick::invoke
