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
  void asked(const std::string& id, const function::Version& version, std::uint32_t timeout_s);
  void answered(const std::string& id, const Result<invoke::Outcome>& answer);
  void metered(const invoke::UsageRecord& record);
  void stopping() { stopping_ = true; }

  // The machine's side. taken: the whole invocation is in the runtime's hands; sent: its answer is on its way.
  void start(const Process& process);
  void ready(const Process& process);
  void lost(const Process& process, bool by_itself);  // it failed to start, or died
  void throttled_by_machine() { ++machine_throttles_; }
  void taken(const std::string& id, const Process& process, long long deadline_ms, long long now_ms);
  void sent(const std::string& id, bool ok, Micros ran);
  void ended(const Process& process, std::uint64_t cpu_nanos);  // all of it is gone

  using Processes = std::map<int, std::shared_ptr<Process>>;
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
    LoopClock::time_point asked{}, deadline{}, sent_at{};
    std::uint32_t timeout_s = 0;
    int taken = 0, records = 0;
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

  std::uint32_t account_used() const;
  std::uint32_t account_allowed() const;
  void limits_changed(Function& function);
  void lower_bounds(Function& function);
  void check_outcome(const std::string& id, const Call& call, const invoke::Outcome& outcome);
  void check_refusal(const Call& call, const Error& error);
  void check_processes(const Processes& processes);
  void check_waits();
  void check_idleness(const Processes& processes);
  void check_turns(const Processes& processes);
  bool memory_exhausted_for(Micros time) const;

  const Plan& plan_;
  std::map<std::string, Function> functions_;
  std::map<std::string, Generation> generations_;
  std::map<std::string, Call> calls_;
  std::uint32_t account_bound_;
  std::set<std::string> open_;  // calls without an answer
  std::set<int> starting_;      // instances on demand
  std::uint64_t machine_throttles_ = 0;
  std::uint64_t cpu_used_ = 0, cpu_metered_ = 0;
  LoopClock::time_point looked_{};
  bool stopping_ = false;
  const bool verbose_;
  std::uint64_t trace_ = 0;
  std::string broken_;
};

}  // namespace wick::sim
