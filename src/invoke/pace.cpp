#include "invoke/pace.h"

#include <algorithm>
#include <thread>

namespace wick::invoke {
namespace {

constexpr std::int64_t kWeight = 8;  // a new value counts for an eighth
constexpr std::int64_t kDoubt = 4;   // an instance that is this much later than expected is not waited for
constexpr Pace::Micros kSlack{1000};

// Starts of one version at once, while its runs are shorter than they: each needs a processor.
std::size_t starting_max() {
  static const std::size_t count = std::max(2U, std::thread::hardware_concurrency());
  return count;
}

std::int64_t moved(std::int64_t average, std::int64_t value) { return average + (value - average) / kWeight; }

}  // namespace

void Pace::ran(std::int64_t run_us) { run_us_ = run_us_ < 0 ? run_us : moved(run_us_, run_us); }

void Pace::started(StartLevel level, std::int64_t start_us) {
  std::int64_t& average = start_us_.at(static_cast<std::size_t>(level));
  average = moved(average, start_us);
}

std::optional<Pace::Micros> Pace::patience(StartLevel level, Load load) const {
  const Micros start = start_time(level);
  if (run_us_ < 0 || load.busy == 0 || run_us_ >= start.count()) return std::nullopt;
  const Micros expected(static_cast<std::int64_t>(load.waiting + 1) * run_us_ / static_cast<std::int64_t>(load.busy));
  if (expected < start) return std::min(start, expected * kDoubt + kSlack);
  if (load.starting >= starting_max()) return start;
  return std::nullopt;
}

}  // namespace wick::invoke
