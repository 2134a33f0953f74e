#pragma once
// Logs as they lie in kv/. A function's log is a row of numbered chunks of about kChunkBytes, each a row of numbered batches, each
// what one flush brought, in the order it was written. So the newest end is found without reading the rest, and the oldest end goes
// a chunk at a time. Keys and values are tuples (kv/key.h), values with their format version first:
//
//   ("logs", function, "chunk", chunk)         -> 1, message bytes, newest time, batches
//   ("logs", function, "batch", chunk, batch)  -> 1, then for each event: time, version, instance, message
//
// Times are microseconds since the epoch. All calls block and are thread-safe.
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "invoke/engine.h"
#include "kv/store.h"

namespace wick::service::logs {

inline constexpr std::uint64_t kChunkBytes = 1024 * 1024;

class Chunks {
 public:
  // bytes_max: of messages, per function; exceeded by at most one batch, undercut by at most one chunk.
  Chunks(kv::Store& store, std::uint64_t bytes_max) : store_(store), bytes_max_(bytes_max) {}

  // Appends, and drops the oldest chunks of the functions that have too much. Not synced.
  Result<> append(const std::vector<invoke::LogEvent>& events);
  // The newest limit of the events at or after since, oldest first.
  Result<std::vector<invoke::LogEvent>> read(const function::FunctionName& function, WallTime since, std::size_t limit);
  Result<> remove(const function::FunctionName& function);

 private:
  kv::Store& store_;
  const std::uint64_t bytes_max_;
};

}  // namespace wick::service::logs
