#include "ledger.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace wick::sim {
namespace {

using namespace std::chrono_literals;
using invoke::UsageRecord;

constexpr auto kStartPatience = 60s;  // the engine's promise: then 429
constexpr auto kAwaited = 6s;         // how long the engine may wait for an instance's end
constexpr auto kLookEvery = 50ms;     // at what takes longer to look at
constexpr auto kUnnoticed = 200ms;    // for which an instance may be idle before a call gets it: its usage is read
constexpr auto kInitGrace = 55ms;     // for which an init may wait for the runtime's other loops; its usage is read then
constexpr auto kTold = 1ms;           // by which the deadline that a runtime is told may be off
constexpr auto kMargin = 1500ms;

const LoopClock::time_point kStart{1h};  // VirtualTime's

constexpr std::string_view kTimedOut = "Sandbox.Timedout";
constexpr std::string_view kOwnError = "Sim.Error";
constexpr std::string_view kBrokenOff = "Runtime.TruncatedResponse";

Micros since(LoopClock::time_point at) { return std::chrono::duration_cast<Micros>(LoopClock::now() - at); }
double seconds(Micros time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

std::uint32_t Ledger::Function::all_provisioned() const {
  std::uint32_t out = 0;
  for (const auto& [generation, count] : provisioned) out += count;
  return out;
}

void Ledger::breaks(std::string what) {
  note("BROKEN", what);
  if (broken_.empty()) broken_ = fmt::format("at {:.6f} s: {}", seconds(since(kStart)), what);
}

void Ledger::note(std::string_view event, std::string_view what) {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&hash](std::string_view bytes) {
    for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  };
  add(fmt::format("{}", since(kStart).count()));
  add(event);
  add(what);
  trace_ = (trace_ ^ hash) * 0x100000001b3;
  if (verbose_) fmt::print("{:12.6f} {:12} {}\n", seconds(since(kStart)), event, what);
}

// What counts against the account's concurrency, at least: a call on provisioned concurrency counts with that.
std::uint32_t Ledger::account_used() const {
  std::uint32_t out = 0;
  for (const auto& [name, function] : functions_) out += std::max({function.reserved.value_or(0), function.calls, function.all_provisioned()});
  return out;
}

// ... and at most.
std::uint32_t Ledger::account_allowed() const {
  std::uint32_t out = 0;
  for (const auto& [name, function] : functions_) out += std::max(function.reserved.value_or(0), function.calls + function.all_provisioned());
  return out;
}

// What runs already may exceed a new limit, until it has ended.
void Ledger::limits_changed(Function& function) {
  function.bound = function.reserved ? std::max(*function.reserved, function.calls + function.all_provisioned()) : ~0U;
  account_bound_ = std::max(plan_.account, account_allowed());
}

void Ledger::lower_bounds(Function& function) {
  if (function.reserved) function.bound = std::max(*function.reserved, std::min(function.bound, function.calls + function.all_provisioned()));
  account_bound_ = std::max(plan_.account, std::min(account_bound_, account_allowed()));
}

void Ledger::set_reserved(const std::string& name, std::optional<std::uint32_t> limit) {
  note("reserved", fmt::format("{} {}", name, limit ? static_cast<int>(*limit) : -1));
  Function& function = functions_[name];
  function.reserved = limit;
  limits_changed(function);
}

void Ledger::set_provisioned(const std::string& name, const std::string& generation, std::uint32_t count) {
  note("provisioned", fmt::format("{} {}", generation, count));
  Function& function = functions_[name];
  function.provisioned[generation] = count;
  limits_changed(function);
}

void Ledger::retired(const std::string& generation) {
  note("retired", generation);
  generations_[generation].retired = true;
  for (auto& [name, function] : functions_) {
    if (function.provisioned.erase(generation) > 0) limits_changed(function);
  }
}

void Ledger::asked(const std::string& id, const function::Version& version, std::uint32_t timeout_s, Micros held) {
  note("asked", id + " " + version.generation);
  Function& function = functions_[version.name.str()];
  if (!function.reserved) function.bound = ~0U;
  ++function.calls;
  ++function.waiting;
  Generation& generation = generations_[version.generation];
  ++generation.calls;
  generation.peak = std::max(generation.peak, generation.calls);
  Call& call = calls_[id];
  call.function = version.name.str();
  call.generation = version.generation;
  call.asked = LoopClock::now();
  call.timeout_s = timeout_s;
  call.held = held;
  call.forbidden = function.reserved == 0;
  open_.insert(id);
}

void Ledger::answered(const std::string& id, const Result<invoke::Outcome>& answer) {
  Call& call = calls_.at(id);
  note("answered", fmt::format("{} {}", id, answer ? answer->error_type : answer.error().message));
  if (std::exchange(call.answered, true)) return breaks(fmt::format("{} was answered twice", id));
  open_.erase(id);
  if (answer) {
    check_outcome(id, call, *answer);
    call.ok = answer->function_error.empty();
  } else {
    check_refusal(call, answer.error());
    call.turned_away = stopping_ && call.taken == 0;
  }
  Function& function = functions_[call.function];
  --function.calls;
  Generation& generation = generations_[call.generation];
  if (call.taken == 0) --function.waiting;
  if (const auto found = instances_.find(call.instance); found != instances_.end()) {
    Instance& instance = found->second;
    --instance.unanswered;
    instance.drains = instance.drains || (answer && answer->error_type == kTimedOut);
    instance.rests_since = LoopClock::now();
    places_changed(instance);
  }
  if (--generation.calls == 0 && generation.live == 0) generation.peak = 0;
  lower_bounds(function);
}

void Ledger::check_outcome(const std::string& id, const Call& call, const invoke::Outcome& outcome) {
  const Micros waited = since(call.asked);
  const bool timed_out = outcome.error_type == kTimedOut;
  const bool own = outcome.function_error.empty() || outcome.error_type == kOwnError || (timed_out && call.held > 0us);
  if (call.sent && call.sent_at < call.deadline && !own) return breaks(fmt::format("{} got {} and not its answer", id, outcome.error_type));
  if (outcome.function_error.empty()) {
    if (call.sent != true) return breaks(fmt::format("{} has succeeded, but no runtime said so", id));
    if (outcome.payload != answer_of(id)) return breaks(fmt::format("{} got the answer {}", id, outcome.payload));
    if (call.ran > std::chrono::seconds(call.timeout_s)) return breaks(fmt::format("{} ran {:.3f} s, over its timeout", id, seconds(call.ran)));
  } else if (outcome.error_type == kOwnError) {
    if (call.sent != false || !outcome.payload.contains(id)) return breaks(fmt::format("{} got the error {}", id, outcome.payload));
  } else if (timed_out) {
    const bool early = call.taken > 0 ? LoopClock::now() + kTold < call.deadline : waited < std::chrono::seconds(call.timeout_s);
    if (early) return breaks(fmt::format("{} timed out after {:.3f} s", id, seconds(waited)));
  } else if (call.taken > 0 && !call.lost && outcome.error_type != kBrokenOff) {
    return breaks(fmt::format("{} got {} from instance {}, which has not died", id, outcome.error_type, call.instance));
  }
}

// The function's calls are counted with this one.
void Ledger::check_refusal(const Call& call, const Error& error) {
  const Micros waited = since(call.asked);
  if (error.code != Errc::throttled) {
    if (call.taken > 0 && !stopping_) breaks(fmt::format("a call that had begun was refused: {}", error.message));
    return;
  }
  if (call.taken > 0) return breaks("a call that had begun was throttled");
  const Function& function = functions_[call.function];
  const std::uint32_t others = function.calls - 1;
  if (error.message == invoke::kReservedLimit) {
    const bool reached = function.reserved && (*function.reserved == 0 || others + function.all_provisioned() >= *function.reserved);
    if (!reached) breaks(fmt::format("{} was throttled for its reserved concurrency with {} running", call.function, others));
  } else if (waited == 0us) {
    if (function.reserved || account_allowed() - 1 < plan_.account) {
      breaks(fmt::format("{} was throttled for the account's concurrency with {} of {} used", call.function, account_allowed() - 1, plan_.account));
    }
  } else if (waited < kStartPatience) {
    if (machine_throttles_ == 0) return breaks(fmt::format("{} was throttled after {:.3f} s", call.function, seconds(waited)));
    --machine_throttles_;
  }
}

void Ledger::metered(const UsageRecord& record) {
  note("metered", fmt::format("{} {} {}", record.id.str(), record.cpu_nanos, record.provisioned_ms));
  cpu_metered_ += record.cpu_nanos;
  if (record.kind != UsageRecord::Kind::call) return;
  const auto found = calls_.find(record.id.str());
  if (found == calls_.end()) return breaks(fmt::format("a usage record of no call, {}", record.id.str()));
  found->second.metered = record.end;
  if (++found->second.records > 1) breaks(fmt::format("{} has two usage records", record.id.str()));
}

bool Ledger::memory_exhausted_for(Micros time) const {
  const Micros now = since(kStart);
  for (const Shortage& one : plan_.shortages) {
    if (one.available < 0.03 && one.from + time <= now && now < one.until) return true;
  }
  return false;
}

void Ledger::start(const Process& process) {
  note("start", fmt::format("{} {} {}", process.number, process.generation, static_cast<int>(process.role)));
  if (process.is_template()) return;
  instances_[process.number].places = process.places;
  Function& function = functions_[process.function];
  if (memory_exhausted_for(kMargin) && since(function.lost) > kAwaited) breaks(process.generation + " was started without memory");
  ++function.live;
  function.passed_over = 0;
  if (process.role != Role::on_demand) return;
  started_[process.generation] = since(function.lost) > kAwaited;
  starting_.insert(process.number);
  if (starting_.size() > plan_.starts_at_once) breaks(fmt::format("{} start at once, {} may", starting_.size(), plan_.starts_at_once));
  ++generations_[process.generation].live;
  const auto bound = 4 * (plan_.functions.size() + plan_.starts_at_once);
  for (auto& [name, other] : functions_) {
    if (name == process.function || other.live > 0 || other.waiting == 0 || since(other.lost) < kAwaited) continue;
    if (++other.passed_over > bound) breaks(fmt::format("{} starves: {} starts of others while it waits for its first", name, other.passed_over));
  }
}

void Ledger::ready(const Process& process) {
  note("ready", fmt::format("{}", process.number));
  if (!process.is_template()) instances_.at(process.number).ready_at = LoopClock::now();
  starting_.erase(process.number);
}

void Ledger::lost(const Process& process, bool by_itself) {
  note("lost", fmt::format("{}", process.number));
  starting_.erase(process.number);
  if (process.is_template()) return;
  Function& function = functions_[process.function];
  if (by_itself) function.lost = LoopClock::now();
  --function.live;
  const auto now = LoopClock::now();
  for (const std::string& id : instances_.at(process.number).calls) {
    Call& call = calls_.at(id);
    if (call.answered) continue;
    if (by_itself) {
      call.lost = true;
      call.lost_at = now;
    } else if (now + kTold < call.deadline && !call.sent && !stopping_) {
      return breaks(fmt::format("instance {} is ended with {} on it, which has {:.3f} s left", process.number, id, -seconds(since(call.deadline))));
    }
  }
  if (process.role != Role::on_demand) return;
  Generation& generation = generations_[process.generation];
  if (--generation.live == 0 && generation.calls == 0) generation.peak = 0;
}

std::uint32_t Ledger::Instance::free() const {
  const auto used = std::max<std::uint32_t>(static_cast<std::uint32_t>(calls.size()), unanswered);
  return used >= places ? 0 : std::min(asking, places - used);
}

void Ledger::places_changed(Instance& instance) {
  if (instance.free() == 0) {
    instance.free_since = LoopClock::time_point::max();
  } else if (instance.free_since == LoopClock::time_point::max()) {
    instance.free_since = LoopClock::now();
  }
}

// It does, or has failed to, or the other loops of its runtime may still come.
bool Ledger::starts(const Process& process) const {
  if (process.state == Process::State::starting || process.state == Process::State::dead) return true;
  return since(instances_.at(process.number).ready_at) <= kInitGrace;
}

// So that a call could not but find it so. An instance that is on its way out, or may be, is not.
bool Ledger::has_long_been_free(const Process& process) const {
  const bool alive = process.state == Process::State::idle || process.state == Process::State::busy;
  if (process.is_template() || !alive) return false;
  const Instance& instance = instances_.at(process.number);
  if (instance.free() == 0 || instance.drains || since(instance.free_since) <= kUnnoticed) return false;
  if (instance.calls.empty() && instance.unanswered == 0) return true;
  const bool late = std::ranges::any_of(instance.calls, [&](const std::string& id) { return calls_.at(id).deadline <= LoopClock::now(); });
  return !late && process.role == Role::on_demand && !generations_.at(process.generation).retired;
}

// It is ready and has no call, but its loops do not come for one.
bool Ledger::nobody_asks(const Process& process) const {
  if (process.is_template() || process.state != Process::State::idle) return false;
  const Instance& instance = instances_.at(process.number);
  return instance.asking == 0 && instance.unanswered == 0;
}

Micros Ledger::rests_for(const Process& process) const {
  if (process.state == Process::State::parked) return since(process.since);
  if (process.is_template() || process.state != Process::State::idle || nobody_asks(process)) return 0us;
  const Instance& instance = instances_.at(process.number);
  return instance.unanswered > 0 ? 0us : since(std::max(process.since, instance.rests_since));
}

void Ledger::asks(const Process& process) {
  Instance& instance = instances_.at(process.number);
  if (instance.asking++ == 0) instance.rests_since = LoopClock::now();
  places_changed(instance);
}

void Ledger::asks_no_more(const Process& process) {
  Instance& instance = instances_.at(process.number);
  --instance.asking;
  places_changed(instance);
}

void Ledger::taken(const std::string& id, const Process& process, long long deadline_ms, long long now_ms) {
  note("taken", fmt::format("{} {}", id, process.number));
  const auto found = calls_.find(id);
  if (found == calls_.end()) return breaks(fmt::format("instance {} got a call that nobody asked for, {}", process.number, id));
  Call& call = found->second;
  if (++call.taken > 1) return breaks(fmt::format("{} was delivered twice", id));
  if (call.answered) return breaks(fmt::format("{} was delivered after its answer", id));
  if (call.forbidden) return breaks(fmt::format("{} was delivered to a function that may not run", id));
  if (call.generation != process.generation) return breaks(fmt::format("{} was delivered to {}", id, process.generation));
  Instance& instance = instances_.at(process.number);
  if (std::max<std::size_t>(instance.calls.size(), instance.unanswered) >= process.places) {
    return breaks(fmt::format("{} was delivered to instance {}, which has {} calls already", id, process.number, process.places));
  }
  for (const std::string& other : instance.calls) {
    const bool late = LoopClock::now() > calls_.at(other).deadline + kTold;
    if (late) return breaks(fmt::format("{} was delivered to instance {}, where {} is over its time", id, process.number, other));
  }
  if (instance.drains) return breaks(fmt::format("{} was delivered to instance {}, which drains", id, process.number));
  const long long left = deadline_ms - now_ms;
  if (left <= -1 || left > call.timeout_s * 1000) return breaks(fmt::format("{} has a deadline in {} ms", id, left));
  call.deadline = LoopClock::now() + std::chrono::milliseconds(left);
  --functions_[call.function].waiting;
  call.instance = process.number;
  --instance.asking;
  ++instance.unanswered;
  instance.calls.insert(id);
  places_changed(instance);
}

void Ledger::done(const std::string& id, const Process& process) {
  Instance& instance = instances_.at(process.number);
  instance.calls.erase(id);
  places_changed(instance);
}

void Ledger::sent(const std::string& id, bool ok, Micros ran) {
  note("sent", id);
  Call& call = calls_.at(id);
  call.sent = ok;
  call.sent_at = LoopClock::now();
  call.ran = ran;
}

void Ledger::ended(const Process& process, std::uint64_t cpu_nanos) {
  note("ended", fmt::format("{}", process.number));
  generations_[process.generation].seen = LoopClock::now();
  if (process.role != Role::bare_template) cpu_used_ += cpu_nanos;
  instances_.erase(process.number);
}

void Ledger::check(const Processes& processes) {
  if (account_used() > account_bound_) breaks(fmt::format("{} of the account's concurrency are used, {} may be", account_used(), account_bound_));
  for (const auto& [name, function] : functions_) {
    if (function.calls > function.bound) breaks(fmt::format("{} calls of {} at once, {} may be", function.calls, name, function.bound));
  }
  if (!started_.empty()) check_starts(processes);
  if (LoopClock::now() - looked_ < kLookEvery) return;
  looked_ = LoopClock::now();
  check_waits();
  check_idleness(processes);
  check_turns(processes);
  check_processes(processes);
}

// At the end of the step: then all calls have come where they belong.
void Ledger::check_starts(const Processes& processes) {
  for (const auto& [name, undisturbed] : std::exchange(started_, {})) {
    const Generation& generation = generations_[name];
    std::uint32_t useful = generation.live;
    for (const auto& [number, process] : processes) {
      if (process->generation != name) continue;
      if (process->role == Role::on_demand && nobody_asks(*process)) --useful;
      // But a call whose fork was lost tries the next level, whatever there is meanwhile.
      const bool needless = undisturbed && has_long_been_free(*process);
      if (needless) return breaks(fmt::format("one more of {} is started while instance {} has a free place", name, number));
    }
    if (useful > generation.peak) return breaks(fmt::format("{} has {} instances for {} calls at once", name, useful, generation.peak));
  }
}

void Ledger::check_waits() {
  for (const std::string& id : open_) {
    const Call& call = calls_.at(id);
    const Micros start = std::max(plan_.machine.boot.max, plan_.machine.fork.max + 2s);
    const auto timeout = std::chrono::seconds(call.timeout_s);
    const Micros starts = 2 * plan_.init_timeout + 3 * (start + plan_.init_timeout + timeout + kAwaited);
    const Micros longest = kStartPatience + 4 * start + starts + timeout + kAwaited + call.held;
    const bool overdue = (call.sent && since(call.sent_at) > kAwaited + call.held) || (call.lost && since(call.lost_at) > kAwaited + call.held) ||
                         (call.taken > 0 && since(call.deadline) > kAwaited + call.held);
    if (since(call.asked) > longest || overdue) {
      return breaks(fmt::format("{} of {} has no answer after {:.1f} s", id, call.function, seconds(since(call.asked))));
    }
  }
}

// Each call that waits has an instance that starts or has failed to, unless it waits for a turn or for a place: then none is free.
void Ledger::check_idleness(const Processes& processes) {
  struct Instances {
    std::uint32_t free = 0, others = 0;
  };
  std::map<std::string, Instances> all;
  for (const auto& [number, process] : processes) {
    if (process->is_template()) continue;
    Instances& instances = all[process->generation];
    if (starts(*process)) {
      ++instances.others;
    } else if (has_long_been_free(*process)) {
      ++instances.free;
    }
  }
  std::map<std::string, std::uint32_t> waiting;
  for (const std::string& id : open_) {
    const Call& call = calls_.at(id);
    if (call.taken == 0 && since(call.asked) > kUnnoticed) ++waiting[call.generation];
  }
  for (const auto& [name, count] : waiting) {
    const Instances& instances = all[name];
    if (instances.free > 0 && count > instances.others) {
      return breaks(fmt::format("{} calls of {} wait, and {} instances have free places", count, name, instances.free));
    }
  }
}

// Whoever comes when its generation has no instance waits only for a turn, or for memory.
void Ledger::check_turns(const Processes& processes) {
  std::size_t starting = 0;
  for (const auto& [number, process] : processes) {
    if (process->is_template()) continue;
    generations_[process->generation].seen = LoopClock::now();
    if (starts(*process)) ++starting;
  }
  const Micros now = since(kStart);
  for (const Shortage& one : plan_.shortages) {
    if (one.from <= now && now < one.until + kMargin) return;
  }
  if (starting >= plan_.starts_at_once || stopping_) return;
  for (const std::string& id : open_) {
    const Call& call = calls_.at(id);
    if (call.taken > 0 || since(call.asked) < kUnnoticed || generations_[call.generation].seen >= call.asked) continue;
    return breaks(fmt::format("{} of {} waits for its first instance, and {} start", id, call.generation, starting));
  }
}

void Ledger::check_processes(const Processes& processes) {
  std::map<std::string, std::uint32_t> provisioned;
  std::uint32_t templates = 0;
  for (const auto& [number, process] : processes) {
    if (process->state == Process::State::dead) continue;
    const Generation& generation = generations_[process->generation];
    const Micros rested = rests_for(*process);
    if (generation.retired && generation.calls == 0 && rested > kMargin) {
      return breaks(fmt::format("instance {} of {}, which is retired, lives on", number, process->generation));
    }
    if (process->role == Role::on_demand && rested > plan_.idle_timeout + kMargin) {
      return breaks(fmt::format("instance {} is idle for {:.1f} s", number, seconds(rested)));
    }
    if (process->role == Role::version_template && process->state == Process::State::parked) ++templates;
    if (process->role == Role::provisioned && rested > kMargin) ++provisioned[process->generation];
  }
  if (templates > plan_.templates_max + 2) breaks(fmt::format("{} templates, {} may be", templates, plan_.templates_max));
  for (const auto& [name, count] : provisioned) {
    std::uint32_t wanted = 0;
    for (const auto& [function_name, function] : functions_) {
      if (const auto found = function.provisioned.find(name); found != function.provisioned.end()) wanted = found->second;
    }
    if (count > wanted) breaks(fmt::format("{} provisioned instances of {}, {} are wanted", count, name, wanted));
  }
}

void Ledger::check_end() {
  if (!open_.empty()) return breaks(fmt::format("{} has no answer at the end", *open_.begin()));
  for (const auto& [id, call] : calls_) {
    if (call.records != 1 && !(call.turned_away && call.records == 0)) return breaks(fmt::format("{} has {} usage records", id, call.records));
    if (!call.metered) continue;
    if (call.ok != (*call.metered == UsageRecord::End::success)) return breaks(fmt::format("the usage record of {} tells another end", id));
  }
  for (const auto& [name, function] : functions_) {
    if (function.calls != 0 || function.live != 0)
      return breaks(fmt::format("{} has {} calls and {} instances at the end", name, function.calls, function.live));
  }
  if (cpu_metered_ != cpu_used_) breaks(fmt::format("{} ns of processor time are metered, {} were used", cpu_metered_, cpu_used_));
}

}  // namespace wick::sim
