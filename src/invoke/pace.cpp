#include "invoke/pace.h"

#include <algorithm>

namespace wick::invoke {
namespace {

constexpr std::int64_t kWeight = 8;         // a new value counts for an eighth
constexpr std::int64_t kLongerWeight = 64;  // of a run that was longer than the others, and then as if it was twice as long at most
constexpr std::uint32_t kFirstRuns = 8;     // of which the shortest counts: an instance's first runs are its slowest
constexpr std::int64_t kDoubt = 4;          // an instance that is this much later than expected is not waited for
constexpr Pace::Micros kSlack{1000};
constexpr Pace::Micros kShort{1000};  // a run that is mostly the processor's
// While it holds back.
constexpr Pace::Micros kShortRuns{500'000};
constexpr Pace::Micros kUnknownRuns{200'000};

std::int64_t moved(std::int64_t average, std::int64_t value, std::int64_t weight = kWeight) { return average + (value - average) / weight; }

}  // namespace

void Pace::ran(std::int64_t run_us) {
  if (run_us <= 0) return;
  if (runs_ < kFirstRuns) {
    run_us_ = runs_++ == 0 ? run_us : std::min(run_us_, run_us);
  } else if (run_us > run_us_) {
    run_us_ = std::max(run_us_ + 1, moved(run_us_, std::min(run_us, run_us_ * 2), kLongerWeight));
  } else {
    run_us_ = moved(run_us_, run_us);
  }
}

void Pace::started(StartLevel level, std::int64_t start_us) {
  std::int64_t& average = start_us_.at(static_cast<std::size_t>(level));
  average = moved(average, start_us);
}

bool Pace::runs_are_short() const { return knows_runs() && run_us_ < kShort.count(); }

bool Pace::can_hold_back() const { return run_us_ < kShort.count(); }

bool Pace::can_wait(StartLevel level) const { return run_us_ < start_time(level).count(); }

bool Pace::is_crowded(Load load) const { return runs_are_short() && load.busy >= processors_; }

bool Pace::holds_back(Load load, bool contended) const {
  if (!can_hold_back()) return false;
  if (many_start(load.starting)) return true;
  return contended && runs_are_short() && (load.busy >= processors_ || load.starting > 0);
}

std::optional<Pace::Patience> Pace::patience(StartLevel level, Load load, bool contended) const {
  if (!can_wait(level)) return std::nullopt;
  if (holds_back(load, contended)) {
    // Starts that take longer than that may wait for something themselves, and there is nothing to wait for.
    const bool may_help = contended || start_time(level) < kShortRuns;
    return Patience{runs_are_short() && may_help ? kShortRuns : kUnknownRuns, true};
  }
  if (!knows_runs() || load.busy == 0 || load.busy + load.starting < processors_) return std::nullopt;
  const Micros start = start_time(level);
  const Micros expected(static_cast<std::int64_t>(load.waiting + 1) * run_us_ / static_cast<std::int64_t>(load.busy * places_));
  if (expected < start || is_crowded(load)) return Patience{std::min(start, expected * kDoubt + kSlack)};
  if (many_start(load.starting)) return Patience{start};  // each needs one
  return std::nullopt;
}

}  // namespace wick::invoke
