#pragma once
// How long runs and starts of one version take lately, and from that whether a call is served sooner by an instance that is busy now
// than by another one. Runs count by the short ones among them, since many at once make each other longer.
//
// More instances of a function whose runs are short than there are processors gain nothing and make each other slower, whether they are started
// for it or idle (docs/decisions/026-few-hot-instances.md).
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "invoke/invocation.h"

namespace wick::invoke {

class Pace {
 public:
  using Micros = std::chrono::microseconds;

  // places: of each instance.
  explicit Pace(std::uint32_t processors, std::uint32_t places = 1) : processors_(processors), places_(places) {}

  void ran(std::int64_t run_us);                          // 0, as after a failed init: it never ran, which says nothing
  void started(StartLevel level, std::int64_t start_us);  // until it was ready for the call

  bool knows_runs() const { return runs_ > 0; }
  bool runs_are_short() const;            // so that they are mostly the processor's
  bool can_hold_back() const;             // whether holds_back() may be true, whatever the load
  bool can_wait(StartLevel level) const;  // ... and patience() anything

  struct Load {
    std::size_t waiting = 0;   // calls
    std::size_t busy = 0;      // instances, without a free place, whose calls are recent
    std::size_t starting = 0;  // instances
  };
  // Whether so many start that one more would only make all of them later.
  bool many_start(std::size_t starting) const { return starting >= processors_; }
  // Whether so many are at work that one more, idle or not, would not help. Then a call waits as patience() says.
  bool is_crowded(Load load) const;
  // Whether one more may come only now and then, since it would take the processors from those that are at work or start. contended: whether
  // threads of this machine wait for a processor.
  bool holds_back(Load load, bool contended) const;

  struct Patience {
    Micros time;
    bool held_back = false;
  };
  // How long a call may wait for a busy instance, at most, before it starts one at this level; nullopt: it starts one now. Runs of unknown
  // length may turn out to be short.
  std::optional<Patience> patience(StartLevel level, Load load, bool contended) const;

 private:
  Micros start_time(StartLevel level) const { return Micros(start_us_.at(static_cast<std::size_t>(level))); }

  std::size_t processors_;
  std::size_t places_;
  std::uint32_t runs_ = 0;    // the first few
  std::int64_t run_us_ = -1;  // unknown
  // By level, first guesses for a machine at rest.
  std::array<std::int64_t, 4> start_us_{0, 3'000, 40'000, 100'000};
};

}  // namespace wick::invoke
