#include "invoke/pace.h"

#include <algorithm>

namespace wick::invoke {
namespace {

constexpr std::int64_t kWeight = 8;         // a new value counts for an eighth
constexpr std::int64_t kLongerWeight = 64;  // of a run that was longer than the others
constexpr std::int64_t kDoubt = 4;          // an instance that is this much later than expected is not waited for
constexpr Pace::Micros kSlack{1000};
constexpr Pace::Micros kShort{1000};  // a run that is mostly the processor's

std::int64_t moved(std::int64_t average, std::int64_t value, std::int64_t weight = kWeight) { return average + (value - average) / weight; }

}  // namespace

void Pace::ran(std::int64_t run_us) { run_us_ = run_us_ < 0 ? run_us : moved(run_us_, run_us, run_us > run_us_ ? kLongerWeight : kWeight); }

void Pace::started(StartLevel level, std::int64_t start_us) {
  std::int64_t& average = start_us_.at(static_cast<std::size_t>(level));
  average = moved(average, start_us);
}

bool Pace::is_crowded(Load load) const { return run_us_ >= 0 && run_us_ < kShort.count() && load.busy > processors_; }

std::optional<Pace::Micros> Pace::patience(StartLevel level, Load load) const {
  const Micros start = start_time(level);
  if (run_us_ < 0 || run_us_ >= start.count()) return std::nullopt;
  if (load.busy == 0 || load.busy + load.starting < processors_) return std::nullopt;
  const Micros expected(static_cast<std::int64_t>(load.waiting + 1) * run_us_ / static_cast<std::int64_t>(load.busy * places_));
  if (expected < start) return std::min(start, expected * kDoubt + kSlack);
  if (load.starting >= processors_) return start;  // each needs one
  return std::nullopt;
}

}  // namespace wick::invoke
