#pragma once
// What must hold. The ledger hears of every event on both sides of the engine, counts for itself, and compares after each step.
//
// It knows the engine's promises, not how it keeps them. The first promise that is broken ends the seed.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/timer.h"
#include "invoke/engine.h"
#include "plan.h"

namespace wick::sim {

enum class Role { on_demand, provisioned, version_template, bare_template };

// An instance as the machine has it.
struct Process {
  enum class State { starting, idle, busy, parked, dead };
  int number = 0;
  std::string function;  // empty for a bare template's
  std::string generation;
  Role role = Role::on_demand;
  State state = State::starting;
  std::uint32_t places = 1;       // calls that it may have at once
  LoopClock::time_point since{};  // the state's beginning
  bool is_template() const { return role == Role::version_template || role == Role::bare_template; }
};

class Ledger {
 public:
  Ledger(const Plan& plan, bool verbose) : plan_(plan), account_bound_(plan.account), verbose_(verbose) {}

  // Limits, as they are set.
  void set_reserved(const std::string& function, std::optional<std::uint32_t> limit);
  void set_provisioned(const std::string& function, const std::string& generation, std::uint32_t count);
  void retired(const std::string& generation);

  // The caller's side.
  // held: how long it takes, at most, to read an answer that is streamed.
  void asked(const std::string& id, const function::Version& version, std::uint32_t timeout_s, Micros held);
  void answered(const std::string& id, const Result<invoke::Outcome>& answer);
  void metered(const invoke::UsageRecord& record);
  void stopping() { stopping_ = true; }

  using Processes = std::map<int, std::shared_ptr<Process>>;

  // The machine's side. asks: for one more call. taken: the whole invocation is in the runtime's hands; sent: its answer is on its way;
  // done: the runtime is rid of it.
  void start(const Process& process);
  void ready(const Process& process);
  void lost(const Process& process, bool by_itself);  // it failed to start, or died
  void throttled_by_machine() { ++machine_throttles_; }
  void asks(const Process& process);
  void asks_no_more(const Process& process);
  void taken(const std::string& id, const Process& process, long long deadline_ms, long long now_ms);
  void sent(const std::string& id, bool ok, Micros ran);
  void done(const std::string& id, const Process& process);
  bool has_calls(const Process& process) const { return !instances_.at(process.number).calls.empty(); }
  void ended(const Process& process, std::uint64_t cpu_nanos);  // all of it is gone

  void check(const Processes& processes);
  void check_end();

  void breaks(std::string what);  // a promise is broken

  std::uint32_t unanswered() const { return static_cast<std::uint32_t>(open_.size()); }
  const std::string& broken() const { return broken_; }  // empty as long as all holds
  std::uint64_t trace() const { return trace_; }         // the same for the same events at the same times
  void note(std::string_view event, std::string_view what);

  static std::string answer_of(const std::string& id) { return "{\"id\":\"" + id + "\"}"; }

 private:
  struct Call {
    std::string function, generation;
    LoopClock::time_point asked{}, deadline{}, sent_at{}, lost_at{};
    std::uint32_t timeout_s = 0;
    Micros held{};
    int taken = 0, records = 0;
    int instance = 0;          // that has taken it
    bool lost = false;         // ... and died with it, by itself
    std::optional<bool> sent;  // whether as a success
    Micros ran{};
    std::optional<invoke::UsageRecord::End> metered;
    bool answered = false, ok = false, turned_away = false, forbidden = false;
  };
  struct Function {
    std::optional<std::uint32_t> reserved;
    std::uint32_t bound = 0;  // of calls at once; above the limit while those begun before it was set run on
    std::uint32_t calls = 0;  // at once
    std::map<std::string, std::uint32_t> provisioned;
    std::uint32_t waiting = 0;      // calls that no runtime has yet
    std::uint32_t live = 0;         // instances, starting ones included
    std::uint32_t passed_over = 0;  // starts of others while it waits and has none
    LoopClock::time_point lost{};   // when an instance was lost last
    std::uint32_t all_provisioned() const;
  };
  struct Generation {
    std::uint32_t calls = 0;
    std::uint32_t peak = 0;        // calls at once since it had neither calls nor instances
    std::uint32_t live = 0;        // on demand
    LoopClock::time_point seen{};  // when it had an instance last
    bool retired = false;
  };

  struct Instance {
    std::uint32_t places = 1;
    std::uint32_t asking = 0;      // loops of it
    std::set<std::string> calls;   // in its hands
    std::uint32_t unanswered = 0;  // calls that it has taken, whose callers wait for the answer, or the rest of it
    bool drains = false;           // one was over its time
    LoopClock::time_point free_since = LoopClock::time_point::max();
    LoopClock::time_point ready_at{}, rests_since{};
    std::uint32_t free() const;
  };

  bool starts(const Process& process) const;
  bool nobody_asks(const Process& process) const;
  bool has_long_been_free(const Process& process) const;
  Micros rests_for(const Process& process) const;
  void places_changed(Instance& instance);
  std::uint32_t account_used() const;
  std::uint32_t account_allowed() const;
  void limits_changed(Function& function);
  void lower_bounds(Function& function);
  void check_outcome(const std::string& id, const Call& call, const invoke::Outcome& outcome);
  void check_refusal(const Call& call, const Error& error);
  void check_processes(const Processes& processes);
  void check_starts(const Processes& processes);
  void check_waits();
  void check_idleness(const Processes& processes);
  void check_turns(const Processes& processes);
  bool memory_exhausted_for(Micros time) const;

  const Plan& plan_;
  std::map<std::string, Function> functions_;
  std::map<std::string, Generation> generations_;
  std::map<std::string, Call> calls_;
  std::map<int, Instance> instances_;  // by number
  std::uint32_t account_bound_;
  std::set<std::string> open_;           // calls without an answer
  std::set<int> starting_;               // instances on demand
  std::map<std::string, bool> started_;  // generations of which one is started in this step; whether nothing of their functions was lost lately
  std::uint64_t machine_throttles_ = 0;
  std::uint64_t cpu_used_ = 0, cpu_metered_ = 0;
  LoopClock::time_point looked_{};
  bool stopping_ = false;
  const bool verbose_;
  std::uint64_t trace_ = 0;
  std::string broken_;
};

}  // namespace wick::sim
