#pragma once
// Usage as it lies in kv/. Sums by hour, function, version and the function's tags are kept for 400 days; single calls, in numbered
// batches in the order they were written, for 24 hours and at most the newest 200,000. Keys and values are tuples (kv/key.h), values
// with their format version first:
//
//   ("usage", "hour", hour, function, version, tags)  -> Totals (totals.h); tags is a tuple of keys and values in order
//   ("usage", "losses", hour)                         -> 1, details, records
//   ("usage", "batches")                              -> 1, first batch, next batch, calls in them
//   ("usage", "ids", batch)                           -> 1, newest time, calls, then a hash of each request id
//   ("usage", "calls", batch)                         -> 1, then the calls (call_record.h)
//
// A call is searched for by reading the hashes, 8 bytes for each call: rare and quick, so that writing needs no index.
// Times are microseconds since the epoch, hours are hours since then. All calls block and are thread-safe; append() by one at a time.
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "function/head.h"
#include "kv/store.h"
#include "service/usage/buffer.h"
#include "service/usage/call_batches.h"

namespace wick::service::usage {

struct Retention {
  std::uint64_t calls = 200'000;
  std::chrono::hours calls_age{24};
  std::chrono::hours sums_age{400 * 24};
};

struct RowKey {
  Hour hour = 0;
  std::string function;
  std::string version;
  function::Tags tags;
};

class Books {
 public:
  using TagsOf = std::function<function::Tags(const function::FunctionName&)>;

  // store and clock outlive it. tags_of is asked once for each function of a batch; it may block.
  Books(kv::Store& store, const Clock& clock, TagsOf tags_of, Retention retention)
      : store_(store), clock_(clock), tags_of_(std::move(tags_of)), retention_(retention) {}

  // The whole batch, sums and calls and losses, in one transaction; after an error nothing of it is there. Not synced.
  Result<> append(const Batch& batch);
  // Every call of that request id, as an event has several attempts; oldest first.
  Result<std::vector<CallRecord>> calls(const std::string& request_id) { return find_calls(store_, request_id); }
  // Visits the sums of the hours in [from, to), in order of hour, function and version.
  Result<> visit(Hour from, Hour to, const std::function<void(const RowKey&, const Totals&)>& visitor);
  Result<Losses> losses(Hour from, Hour to);

 private:
  kv::Store& store_;
  const Clock& clock_;
  const TagsOf tags_of_;
  const Retention retention_;
  Hour pruned_ = 0;  // the hour in which old sums were last removed
};

}  // namespace wick::service::usage
