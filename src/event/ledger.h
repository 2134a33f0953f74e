#pragma once
// The queue's part of kv/: every change of it is one transaction here (keys and values: event/record.h).
//
// All calls block and are thread-safe.
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "event/record.h"
#include "kv/store.h"

namespace wick::event {

inline constexpr std::size_t kUndeliveredMax = 256;

struct Entry {
  Record record;
  std::string payload;
};

// What takes the place of an event that is over: nothing, its destination's event under a due key, or a result kept undelivered.
struct DestinationEvent {
  std::string key;
  Entry entry;
};
using Replacement = std::variant<std::monostate, DestinationEvent, Undelivered>;

// An event as it lies under its due key, without its payload.
struct Due {
  std::string key;
  function::FunctionName function;  // empty for a record that cannot be read
  std::uint64_t payload_bytes = 0;
};

class Ledger {
 public:
  explicit Ledger(kv::Store& store) : store_(store) {}

  // Called once, before anything else. Tells of each event that waits.
  Result<> open(const std::function<void(const Due&)>& found);

  Result<> add(const std::string& key, const Entry& entry);  // synced
  // Those whose keys are begin or later, in order of due time.
  Result<std::vector<Due>> due(const std::string& begin, std::size_t limit);
  // nullopt if no event is under the key (any more).
  Result<std::optional<Entry>> load(const std::string& key);
  Result<std::string> payload(const invoke::RequestId& id);

  Result<> reschedule(const std::string& key, const std::string& new_key, const Record& record);
  Result<> remove(const std::string& key, const invoke::RequestId& id, WallTime now, const Replacement& replacement);

 private:
  kv::Store& store_;
  std::atomic<std::size_t> undelivered_{0};
};

}  // namespace wick::event
