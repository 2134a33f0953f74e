#pragma once
// Whether the machine's processors are contended: whether the engine's own thread had to wait for one lately. Unlike the lengths of runs
// this says that even of a function that itself waits for something else.
//
// Threads: the engine's loop, whose wait it is.
#include <chrono>
#include <functional>
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace wick::invoke {

// How long this thread has been ready to run and had no processor, in all its life; nullopt where the kernel does not say.
std::optional<std::chrono::nanoseconds> waited_for_processor();

// The same from the text of /proc/PID/schedstat (proc(5)).
std::optional<std::chrono::nanoseconds> parse_schedstat(std::string_view text);

class Contention {
 public:
  using Waited = std::function<std::optional<std::chrono::nanoseconds>()>;

  Contention(const Clock& clock, Waited waited) : clock_(clock), waited_(std::move(waited)) {}

  // Whether the thread waited for a tenth of some 10 ms within the last 100. It reads at most every 10 ms, so the first answer after a pause
  // is about the time before.
  bool is_high();

 private:
  void read(MonoTime now);

  const Clock& clock_;
  const Waited waited_;
  MonoTime read_at_{};
  std::optional<std::chrono::nanoseconds> so_far_;
  MonoTime high_until_{};
};

}  // namespace wick::invoke
