#include "invoke/meter.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace wick::invoke {

Meter::Meter(function::VersionPtr version, const Clock& clock, OnUsage out) : version_(std::move(version)), clock_(clock), out_(std::move(out)) {}

std::size_t Meter::begin() {
  auto free = std::ranges::find(running_, false, &std::optional<Running>::has_value);
  if (free == running_.end()) free = running_.emplace(running_.end());
  free->emplace(clock_.monotonic());
  return static_cast<std::size_t>(free - running_.begin());
}

void Meter::give_up(std::size_t place) {
  charge_background(running_[place]->nanos);
  running_[place].reset();
}

// At least a microsecond, so that calls shorter than that have a share.
double Meter::weight(MonoTime start, MonoTime end) const {
  return 1 + std::chrono::duration<double, std::micro>(end - std::max(start, read_at_)).count();
}

void Meter::finish(std::size_t place, UsageRecord call) {
  const Running run = *std::exchange(running_[place], std::nullopt);
  call.cpu_nanos = run.nanos;
  call.memory_peak_mb = std::max(memory_peak_mb_, call.timing.memory_peak_mb);
  if (closed_) return out_(std::move(call));
  if (waiting_.size() >= kWaitingMax) {
    out_(std::move(waiting_.front().record));
    waiting_.pop_front();
  }
  waiting_.push_back({std::move(call), weight(run.since, clock_.monotonic())});
}

void Meter::read(std::uint64_t cpu_nanos, std::uint64_t memory_peak_mb) {
  memory_peak_mb_ = std::max(memory_peak_mb_, memory_peak_mb);
  const std::uint64_t used = cpu_nanos > read_nanos_ ? cpu_nanos - read_nanos_ : 0;
  read_nanos_ += used;
  const MonoTime now = clock_.monotonic();
  double total = 0;
  for (const Waiting& call : waiting_) total += call.weight;
  for (const auto& run : running_) total += run ? weight(run->since, now) : 0;

  // Each gets the difference of two rounded running sums, so that rounding neither makes nor loses a nanosecond.
  double sum = 0;
  std::uint64_t charged = 0;
  const auto share = [&](double part) {
    sum += part;
    const auto until = std::clamp(static_cast<std::uint64_t>(static_cast<double>(used) * (sum / total)), charged, used);
    return until - std::exchange(charged, until);
  };
  for (Waiting& call : std::exchange(waiting_, {})) {
    call.record.cpu_nanos += share(call.weight);
    call.record.memory_peak_mb = std::max(call.record.memory_peak_mb, memory_peak_mb_);
    out_(std::move(call.record));
  }
  Running* last = nullptr;
  for (auto& run : running_) {
    if (!run) continue;
    last = &*run;
    last->nanos += share(weight(run->since, now));
  }
  if (last) {
    last->nanos += used - charged;  // a rounding's
  } else {
    charge_background(used - charged);
  }
  read_at_ = now;
}

void Meter::charge_background(std::uint64_t nanos) {
  if (nanos == 0) return;
  UsageRecord record;
  record.kind = UsageRecord::Kind::background;
  record.version = version_;
  record.time = clock_.now();
  record.cpu_nanos = nanos;
  record.memory_peak_mb = memory_peak_mb_;
  out_(std::move(record));
}

void Meter::close() {
  closed_ = true;
  for (Waiting& call : std::exchange(waiting_, {})) out_(std::move(call.record));
}

}  // namespace wick::invoke
