#pragma once
// Waiting on an event loop, which a simulation may do in a time of its own.
//
// LoopClock is to Timer what Clock is to code that asks for the time: the one place it comes from. It is the steady clock, unless a
// simulation has put a VirtualTime in. Then timers fire in that time, in the order of their times, and always the same way.
//
// Threads: a Timer belongs to its loop. A simulation is a program with one thread.
#include <algorithm>
#include <chrono>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>

namespace wick {

class VirtualTime;

struct LoopClock {
  using duration = std::chrono::steady_clock::duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<LoopClock>;
  static constexpr bool is_steady = true;

  static time_point now() noexcept;

  static inline VirtualTime* simulated = nullptr;
};

// While it lives, LoopClock is what it says. At most one at a time; made before, and gone after, every timer that is to run in it.
class VirtualTime {
 public:
  VirtualTime() { LoopClock::simulated = this; }
  ~VirtualTime() { LoopClock::simulated = nullptr; }
  VirtualTime(const VirtualTime&) = delete;
  VirtualTime& operator=(const VirtualTime&) = delete;

  LoopClock::time_point now() const { return now_; }

  // Goes to the next time at which a timer may fire, and runs all that is ready before and then. False: no timer is waiting.
  bool step(boost::asio::io_context& loop);

  // How long the loop may sleep before it looks at its timers: only a step makes it look. Each look costs system calls.
  LoopClock::duration sleep() { return std::exchange(look_, false) ? LoopClock::duration::zero() : std::chrono::hours(1); }

  // A wait until then has begun; returns when it will fire. What is due already fires in the next step, apart from what is ready now.
  LoopClock::time_point await(LoopClock::time_point at) {
    at = std::max(at, now_ + LoopClock::duration(1));
    if (at != LoopClock::time_point::max()) due_.push(at);
    return at;
  }

 private:
  bool look_ = false;
  LoopClock::time_point now_{std::chrono::hours(1)};
  std::priority_queue<LoopClock::time_point, std::vector<LoopClock::time_point>, std::greater<>> due_;  // of cancelled waits too
};

inline LoopClock::time_point LoopClock::now() noexcept {
  if (simulated) return simulated->now();
  return time_point(std::chrono::steady_clock::now().time_since_epoch());
}

struct LoopWait {
  static LoopClock::duration to_wait_duration(LoopClock::duration time) { return LoopClock::simulated ? LoopClock::simulated->sleep() : time; }
  static LoopClock::duration to_wait_duration(LoopClock::time_point at) { return to_wait_duration(at - LoopClock::now()); }
};

class Timer : public boost::asio::basic_waitable_timer<LoopClock, LoopWait> {
 public:
  using basic_waitable_timer::basic_waitable_timer;

  template <class Token>
  auto async_wait(Token&& token) {
    if (LoopClock::simulated) expires_at(LoopClock::simulated->await(expiry()));
    return basic_waitable_timer::async_wait(std::forward<Token>(token));
  }
};

}  // namespace wick
