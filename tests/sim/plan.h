#pragma once
// What one seed makes of the world: how the machine and each function behave, and what is asked of them.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chance.h"

namespace wick::sim {

struct Machine {
  Range boot, fork, exit, usage;
  bool can_fork = true;
  std::uint32_t instances_max = 0;  // boots beyond it are throttled
  std::uint32_t boot_fails = 0;     // permille
  std::uint32_t fork_fails = 0;     // permille
  std::uint32_t fork_hangs = 0;     // permille: until the backend gives the template up
  std::uint32_t dies = 0;           // permille of processes: at any time, whatever they are doing
  Range dies_after;                 // from its start
};

struct Behaviour {
  Range init, restore, run;
  bool forkable = true;
  std::uint32_t init_dies = 0, init_fails = 0, init_hangs = 0;  // permille
  std::uint32_t fails = 0;                                      // percent of calls answered with an error
  std::uint32_t overlong = 0;                                   // percent of calls that run into the timeout
  std::uint32_t dies_busy = 0, dies_after_reply = 0;            // permille of calls
  std::uint32_t streams = 0;                                    // percent of calls answered in a stream
  std::uint32_t slow_to_read = 0;                               // percent of calls after which it is late to look for the next
};

// Of a custom runtime.
struct Loops {
  std::uint32_t count = 1;        // fewer than an instance has places, as many, or one more
  std::uint32_t late = 0;         // percent that ask for their first call after the others
  std::uint32_t abandons = 0;     // permille of calls that are never answered; another loop may take the place of theirs
  std::uint32_t stays_away = 0;   // permille of calls after which the loop does not ask again
  std::uint32_t breaks_off = 0;   // permille of streamed answers
  std::uint32_t dies_asking = 0;  // permille of waits for a call
};

struct FunctionPlan {
  Behaviour behaviour;
  std::string runtime;
  std::uint32_t places = 1;  // calls that an instance may run at once
  Loops loops;
  std::uint32_t timeout_s = 3;
  std::uint32_t versions = 1;
  bool no_bare_template = false;
  std::optional<std::uint32_t> reserved;
  std::uint32_t provisioned = 0;  // of its first version
  Range gap;                      // between its calls

  bool is_custom() const { return runtime.starts_with("provided"); }
};

// Of streamed answers, and how long they stay.
struct Callers {
  std::uint32_t streams = 0;  // percent that take the answer in a stream
  std::uint32_t slow = 0;     // percent of these that take their time for each piece
  Range pause;                // for that
  std::uint32_t hang_up = 0;  // percent of these that go away before they have all
  std::uint32_t give_up = 0;  // percent of calls whose coroutine is cancelled meanwhile
};

struct Shortage {
  Micros from{}, until{};  // since the start
  double available = 1;
};

struct Plan {
  Machine machine;
  std::vector<FunctionPlan> functions;
  std::vector<Shortage> shortages;
  Callers callers;
  std::uint32_t account = 0;
  std::uint32_t processors = 0;
  std::uint32_t starts_at_once = 0;
  std::uint32_t templates_max = 0;
  Micros idle_timeout{}, init_timeout{}, template_idle{};
  Micros duration{};  // of the traffic
  std::uint32_t calls_max = 0;
  Range burst_gap;
  std::uint32_t burst_max = 0;
  Range change_gap;        // between updates, and between changes of limits
  bool stop_amid = false;  // stop() while the traffic goes on; or when all has ended by itself
  Micros grace{};          // of stop()

  static Plan of(Chance& chance);
  double memory_available(Micros since_start) const;
};

}  // namespace wick::sim
