#pragma once
// The queue's part of kv/: every change of it is one transaction here (keys and values: event/record.h).
//
// All calls block and are thread-safe.
#include <atomic>
#include <cstdint>
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

class Ledger {
 public:
  explicit Ledger(kv::Store& store) : store_(store) {}

  // How many events wait. Called once, before anything else.
  Result<std::size_t> open();

  Result<> add(const std::string& key, const Entry& entry);  // synced
  // Keys from begin on, in order of due time.
  Result<std::vector<std::string>> due_keys(const std::string& begin, std::size_t limit);
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
