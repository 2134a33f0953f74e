#include "invoke/meter.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace wick::invoke {

Meter::Meter(function::VersionPtr version, const Clock& clock, OnUsage out) : version_(std::move(version)), clock_(clock), out_(std::move(out)) {}

void Meter::begin() {
  running_since_ = clock_.monotonic();
  running_nanos_ = 0;
}

void Meter::give_up() {
  running_since_.reset();
  charge_background(std::exchange(running_nanos_, 0));
}

// At least a microsecond, so that calls shorter than that have a share.
double Meter::weight_since(MonoTime start) const {
  return 1 + std::chrono::duration<double, std::micro>(clock_.monotonic() - std::max(start, read_at_)).count();
}

void Meter::finish(UsageRecord call) {
  call.cpu_nanos = std::exchange(running_nanos_, 0);
  call.memory_peak_mb = std::max(memory_peak_mb_, call.timing.memory_peak_mb);
  const MonoTime since = running_since_.value_or(read_at_);
  running_since_.reset();
  if (closed_) return out_(std::move(call));
  if (waiting_.size() >= kWaitingMax) {
    out_(std::move(waiting_.front().record));
    waiting_.pop_front();
  }
  waiting_.push_back({std::move(call), weight_since(since)});
}

void Meter::read(std::uint64_t cpu_nanos, std::uint64_t memory_peak_mb) {
  memory_peak_mb_ = std::max(memory_peak_mb_, memory_peak_mb);
  const std::uint64_t used = cpu_nanos > read_nanos_ ? cpu_nanos - read_nanos_ : 0;
  read_nanos_ += used;
  const double running = running_since_ ? weight_since(*running_since_) : 0;
  double total = running;
  for (const Waiting& call : waiting_) total += call.weight;

  // Each gets the difference of two rounded running sums, so that rounding neither makes nor loses a nanosecond.
  double sum = 0;
  std::uint64_t charged = 0;
  const auto share = [&](double weight) {
    sum += weight;
    const auto until = std::clamp(static_cast<std::uint64_t>(static_cast<double>(used) * (sum / total)), charged, used);
    return until - std::exchange(charged, until);
  };
  for (Waiting& call : std::exchange(waiting_, {})) {
    call.record.cpu_nanos += share(call.weight);
    call.record.memory_peak_mb = std::max(call.record.memory_peak_mb, memory_peak_mb_);
    out_(std::move(call.record));
  }
  if (running_since_) {
    running_nanos_ += used - charged;
  } else {
    charge_background(used - charged);
  }
  read_at_ = clock_.monotonic();
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
