#pragma once
// Usage that is not written yet, bounded. Sums are kept apart from the records of single calls, so that when there are too many of these
// the sums still lack nothing. Plain data, no threads.
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "invoke/usage_record.h"
#include "service/usage/totals.h"

namespace wick::service::usage {

// What a full buffer dropped, by the hour in which it did.
struct Losses {
  std::uint64_t details = 0;  // calls that are in the sums and that `wick why` does not know
  std::uint64_t records = 0;  // calls and others that are in no sum
  Losses& operator+=(const Losses& other) {
    details += other.details;
    records += other.records;
    return *this;
  }
  friend bool operator==(const Losses&, const Losses&) = default;
};

using Hour = std::uint64_t;  // since the epoch
Hour hour_of(WallTime time);

struct Batch {
  struct Sum {
    function::VersionPtr version;
    Totals totals;
  };
  std::vector<invoke::UsageRecord> calls;  // oldest first
  std::map<std::pair<Hour, const function::Version*>, Sum> sums;
  std::map<Hour, Losses> losses;
  bool empty() const { return calls.empty() && sums.empty() && losses.empty(); }
};

class Buffer {
 public:
  struct Bounds {
    std::size_t calls = 65'536;  // single calls
    std::size_t sums = 65'536;   // versions, in each hour
  };
  explicit Buffer(Bounds bounds) : bounds_(bounds) {}

  void add(invoke::UsageRecord record);
  std::size_t calls() const { return batch_.calls.size(); }
  bool empty() const { return batch_.empty(); }
  Batch take() { return std::exchange(batch_, {}); }
  void give_back(Batch batch);  // what was taken and could not be written; older than what is there

 private:
  Batch::Sum* sum_of(Hour hour, const function::VersionPtr& version);  // nullptr: there are too many

  const Bounds bounds_;
  Batch batch_;
};

}  // namespace wick::service::usage
