#pragma once
// How short the machine's memory is, read once a second, but only while there is something that could be let go: an idle Wick does
// not wake for it.
//
// Threads: the engine's loop.
#include <cstdint>
#include <functional>

#include <boost/asio/any_io_executor.hpp>

#include "base/clock.h"
#include "invoke/watchdog.h"

namespace wick::invoke {

// Part of the machine's memory that can still be had (MemAvailable of /proc/meminfo), 0 to 1; 1 where that cannot be read.
double memory_available();

std::uint64_t machine_memory_mb();

class MemoryPressure {
 public:
  enum class Level {
    none,
    low,       // below 15 %: idle instances end earlier
    scarce,    // below 8 %: idle instances end, then templates
    exhausted  // below 3 %: nothing new starts
  };

  // act is called with each reading; it says whether to go on reading.
  MemoryPressure(boost::asio::any_io_executor loop, const Clock& clock, std::function<double()> available, std::function<bool(Level)> act);

  void watch();  // reads now, and each second from then on; nothing if it does already
  Level level() const { return level_; }

 private:
  void read();

  const Clock& clock_;
  const std::function<double()> available_;
  const std::function<bool(Level)> act_;
  Level level_ = Level::none;
  bool watching_ = false;
  Watchdog next_;
};

}  // namespace wick::invoke
