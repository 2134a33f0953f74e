#pragma once
// How long runs and starts of one version take lately, and from that whether a call is served sooner by an instance that is busy now
// than by one made for it. Both are moving averages, so a version whose runs are long, or only now and then short, never makes a call wait.
//
// More instances of a function whose runs are shorter than a start gain nothing and make each other slower: on 2 processors 8 hot ones
// answered 14,000 requests a second, 64 only 3,700.
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "invoke/invocation.h"

namespace wick::invoke {

class Pace {
 public:
  using Micros = std::chrono::microseconds;

  void ran(std::int64_t run_us);
  void started(StartLevel level, std::int64_t start_us);  // until it was ready for the call

  struct Load {
    std::size_t waiting = 0;   // calls
    std::size_t busy = 0;      // instances that run a call
    std::size_t starting = 0;  // instances
  };
  // How long a call may wait for a busy instance before it starts one at this level; nullopt: it starts one now.
  std::optional<Micros> patience(StartLevel level, Load load) const;

 private:
  Micros start_time(StartLevel level) const { return Micros(start_us_.at(static_cast<std::size_t>(level))); }

  std::int64_t run_us_ = -1;  // unknown
  // By level, first guesses for a machine at rest.
  std::array<std::int64_t, 4> start_us_{0, 3'000, 40'000, 100'000};
};

}  // namespace wick::invoke
