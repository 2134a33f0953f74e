#include "service/usage/buffer.h"

#include <algorithm>
#include <chrono>
#include <iterator>

namespace wick::service::usage {

using invoke::UsageRecord;

Hour hour_of(WallTime time) {
  return static_cast<Hour>(std::max<std::int64_t>(0, std::chrono::floor<std::chrono::hours>(time).time_since_epoch().count()));
}

Batch::Sum* Buffer::sum_of(Hour hour, const function::VersionPtr& version) {
  const std::pair key{hour, version.get()};
  const auto found = batch_.sums.find(key);
  if (found != batch_.sums.end()) return &found->second;
  if (batch_.sums.size() >= bounds_.sums) return nullptr;
  return &batch_.sums.emplace(key, Batch::Sum{version, {}}).first->second;
}

void Buffer::add(UsageRecord record) {
  const Hour hour = hour_of(record.time);
  Batch::Sum* sum = sum_of(hour, record.version);
  if (!sum) {
    ++batch_.losses[hour].records;
    return;
  }
  sum->totals.add(record);
  // A flood of refusals must not push out the calls that ran.
  if (record.kind != UsageRecord::Kind::call || record.end == UsageRecord::End::throttled) return;
  if (batch_.calls.size() < bounds_.calls) {
    batch_.calls.push_back(std::move(record));
  } else {
    ++batch_.losses[hour].details;
  }
}

void Buffer::give_back(Batch batch) {
  for (const auto& [hour, losses] : batch.losses) batch_.losses[hour] += losses;
  for (const auto& [key, taken] : batch.sums) {
    if (Batch::Sum* sum = sum_of(key.first, taken.version)) {
      sum->totals += taken.totals;
    } else {
      batch_.losses[key.first].records += taken.totals.calls + taken.totals.throttles;
    }
  }
  std::vector<UsageRecord> newer = std::exchange(batch_.calls, std::move(batch.calls));
  const std::size_t room = bounds_.calls - std::min(bounds_.calls, batch_.calls.size());
  const auto kept = newer.begin() + static_cast<std::ptrdiff_t>(std::min(room, newer.size()));
  for (auto call = kept; call != newer.end(); ++call) ++batch_.losses[hour_of(call->time)].details;
  batch_.calls.insert(batch_.calls.end(), std::make_move_iterator(newer.begin()), std::make_move_iterator(kept));
}

}  // namespace wick::service::usage
