#pragma once
// Lets coroutines of one event loop wait until another says that something has changed. It has no memory: check what you wait for
// before each wait, and again after it.
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/timer.h"

namespace wick::invoke {

class Signal {
 public:
  using Time = LoopClock::time_point;

  explicit Signal(boost::asio::any_io_executor loop) : loop_(std::move(loop)) {}

  void notify() {
    for (auto* timer : waiting_) timer->cancel();
  }

  // Returns after a notify() or at the time given, whichever is first. The signal outlives the wait.
  boost::asio::awaitable<void> wait(Time until = Time::max()) {
    Waiter waiter(waiting_, loop_, until);
    (void)co_await waiter.timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }

 private:
  struct Waiter {
    Waiter(std::vector<Timer*>& all, const boost::asio::any_io_executor& loop, Time until) : list(all), timer(loop, until) { list.push_back(&timer); }
    ~Waiter() { std::erase(list, &timer); }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    std::vector<Timer*>& list;
    Timer timer;
  };

  boost::asio::any_io_executor loop_;
  std::vector<Timer*> waiting_;
};

}  // namespace wick::invoke
