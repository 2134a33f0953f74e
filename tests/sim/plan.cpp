#include "plan.h"

#include <algorithm>

namespace wick::sim {
namespace {

using namespace std::chrono_literals;

// One of ten worlds has much of a thing, most have little, many none: together they hide each other.
std::uint32_t some(Chance& chance, std::uint32_t much) {
  const std::uint32_t luck = chance.between(0, 9);
  return luck < 4 ? 0 : luck < 9 ? chance.between(0, much / 5) : chance.between(0, much);
}

Behaviour behaviour_of(Chance& chance) {
  Behaviour out;
  const bool heavy = chance.percent(30);
  out.init = heavy ? Range{200ms, 4s} : Range{20ms, 400ms};
  out.restore = {500us, chance.percent(10) ? 2s : 10ms};
  out.run = chance.percent(50) ? Range{200us, 20ms} : Range{20ms, 2s};
  if (chance.percent(30)) out.run.min = out.run.max = chance.in(out.run);  // then many end at once
  out.forkable = chance.percent(85);
  out.init_dies = some(chance, 300);
  out.init_fails = some(chance, 300);
  out.init_hangs = some(chance, 100);
  out.fails = some(chance, 50);
  out.overlong = some(chance, 20);
  out.dies_busy = some(chance, 200);
  out.dies_after_reply = some(chance, 200);
  out.streams = some(chance, 50);
  out.slow_to_read = some(chance, 100);
  return out;
}

Loops loops_of(Chance& chance, std::uint32_t places) {
  Loops out;
  const std::uint32_t luck = chance.between(0, 9);
  out.count = luck < 6 ? places : luck < 8 ? chance.between(1, places) : places + 1;
  out.late = some(chance, 100);
  out.abandons = some(chance, 100);
  out.stays_away = some(chance, 300);
  out.breaks_off = some(chance, 300);
  out.dies_asking = some(chance, 300);
  return out;
}

Callers callers_of(Chance& chance) {
  Callers out;
  out.streams = some(chance, 100);
  out.slow = some(chance, 100);
  out.pause = {1us, chance.percent(50) ? 100ms : 8s};
  out.hang_up = some(chance, 50);
  out.give_up = some(chance, 50);
  return out;
}

FunctionPlan function_of(Chance& chance) {
  FunctionPlan out;
  out.behaviour = behaviour_of(chance);
  out.runtime = chance.percent(50) ? "nodejs22.x" : "python3.11";
  if (chance.percent(40)) {
    out.runtime = "provided.al2023";
    out.places = chance.percent(20) ? 1 : chance.between(2, 8);
    out.loops = loops_of(chance, out.places);
  }
  out.timeout_s = chance.between(1, 6);
  out.versions = chance.between(1, 3);
  out.no_bare_template = chance.percent(20);
  if (chance.percent(30)) out.reserved = chance.percent(10) ? 0 : chance.between(1, 8);
  if (chance.percent(25)) out.provisioned = chance.between(1, 3);
  if (out.reserved && out.provisioned > *out.reserved) out.provisioned = *out.reserved;
  out.gap = chance.percent(50) ? Range{50ms, 2s} : Range{1s, 20s};
  return out;
}

}  // namespace

Plan Plan::of(Chance& chance) {
  Plan out;
  Machine& machine = out.machine;
  machine.boot = chance.percent(70) ? Range{5ms, 60ms} : Range{20ms, 3s};
  machine.fork = chance.percent(70) ? Range{500us, 8ms} : Range{1ms, 800ms};
  machine.exit = chance.percent(80) ? Range{200us, 20ms} : Range{1ms, 2s};
  machine.usage = {50us, 5ms};
  machine.can_fork = chance.percent(85);
  machine.instances_max = chance.percent(80) ? 1000 : chance.between(6, 40);
  machine.boot_fails = some(chance, 200);
  machine.fork_fails = some(chance, 200);
  machine.fork_hangs = some(chance, 200);
  machine.dies = some(chance, 500);
  machine.dies_after = {1ms, chance.percent(50) ? 2s : 30s};

  out.functions.resize(chance.between(2, 9));
  for (FunctionPlan& function : out.functions) function = function_of(chance);
  std::uint32_t set_aside = 0;
  for (const FunctionPlan& function : out.functions) set_aside += function.reserved.value_or(function.provisioned);
  out.account = set_aside + chance.between(8, chance.percent(50) ? 20 : 150);
  out.processors = chance.between(2, 8);
  out.starts_at_once = chance.between(1, chance.percent(50) ? 3 : 32);
  out.templates_max = chance.between(1, 8);
  out.idle_timeout = chance.in({2s, 60s});
  out.init_timeout = chance.in({1s, 10s});
  out.template_idle = chance.in({5s, 90s});
  out.duration = chance.in({20s, 150s});
  out.calls_max = chance.between(60, 400);
  out.burst_gap = {1s, 30s};
  out.burst_max = chance.between(5, 100);
  out.change_gap = {2s, 60s};
  for (std::uint32_t i = chance.percent(50) ? 0 : chance.between(1, 4); i > 0; --i) {
    const Micros from = chance.in({0s, 100s});
    out.shortages.push_back({from, from + chance.in({1s, 70s}), chance.between(0, 16) / 100.0});
  }
  out.callers = callers_of(chance);
  out.stop_amid = chance.percent(40);
  out.grace = chance.in({0s, 10s});
  return out;
}

double Plan::memory_available(Micros since_start) const {
  double out = 1;
  for (const Shortage& one : shortages) {
    if (one.from <= since_start && since_start < one.until) out = std::min(out, one.available);
  }
  return out;
}

}  // namespace wick::sim
