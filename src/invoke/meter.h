#pragma once
// Charges the processor time of one instance to its calls, so that what is charged adds up to the cgroup's own total.
//
// The kernel counts per cgroup, that is per instance, and a reading is a round trip to the warden that the warm way must not make.
// So records of finished calls wait here until the next reading, which charges what was used since the one before to the calls of
// that time, in proportion to how long each had the instance (init included), whether one after another or at once; a call that still
// runs keeps its part until it is done.
// What was used while no call had the instance becomes a record of kind background. Nothing is lost or charged twice: the records of
// an instance sum up to its last reading, to the nanosecond.
//
// Threads: event loop. Owned by its instance.
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "invoke/usage_record.h"

namespace wick::invoke {

class Meter {
 public:
  // More records than this do not wait: the oldest goes without a share, which the others then have.
  static constexpr std::size_t kWaitingMax = 16'384;

  Meter(function::VersionPtr version, const Clock& clock, OnUsage out);

  // A call has the instance from now on. Its place among those that run at once: the lowest that is free.
  std::size_t begin();
  void give_up(std::size_t place);                   // it leaves without having run
  void finish(std::size_t place, UsageRecord call);  // it leaves; the record goes out with the next reading
  // cpu_nanos: of the instance's whole life. One lower than before was asked of an instance that was gone, and charges nothing.
  void read(std::uint64_t cpu_nanos, std::uint64_t memory_peak_mb);
  void close();  // no reading will come any more: what waits goes out, and later records at once

  std::size_t waiting() const { return waiting_.size(); }
  bool runs(std::size_t place) const { return place < running_.size() && running_[place].has_value(); }

 private:
  struct Running {
    MonoTime since;
    std::uint64_t nanos = 0;  // charged to it by readings meanwhile
  };
  struct Waiting {
    UsageRecord record;
    double weight;  // microseconds that it had the instance since the last reading
  };
  double weight(MonoTime start, MonoTime end) const;
  void charge_background(std::uint64_t nanos);

  const function::VersionPtr version_;
  const Clock& clock_;
  const OnUsage out_;
  std::deque<Waiting> waiting_;
  std::vector<std::optional<Running>> running_;  // by place
  std::uint64_t read_nanos_ = 0;
  std::uint64_t memory_peak_mb_ = 0;
  MonoTime read_at_{};
  bool closed_ = false;
};

}  // namespace wick::invoke
