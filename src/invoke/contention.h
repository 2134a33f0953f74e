#pragma once
// Whether the machine's processors are contended: whether the engine's own thread had to wait for one lately. Unlike the lengths of runs
// this says that even of a function that itself waits for something else.
//
// Threads: the engine's loop, whose wait it is.
#include <chrono>
#include <functional>

#include "base/clock.h"

namespace wick::invoke {

// How long this thread has been ready to run and had no processor, in all its life; 0 where the kernel does not say (proc(5),
// /proc/PID/schedstat).
std::chrono::nanoseconds waited_for_processor();

class Contention {
 public:
  using Waited = std::function<std::chrono::nanoseconds()>;

  Contention(const Clock& clock, Waited waited);

  // Whether a tenth of the time since the reading before the last one was spent waiting. It reads again 10 ms after the last.
  bool is_high();

 private:
  const Clock& clock_;
  const Waited waited_;
  MonoTime read_at_;
  std::chrono::nanoseconds so_far_{};
  bool is_high_ = false;
};

}  // namespace wick::invoke
