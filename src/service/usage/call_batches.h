#pragma once
// Single calls in kv/, in numbered batches: the part of books.h's layout that `wick why` reads.
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "kv/store.h"
#include "service/usage/call_record.h"

namespace wick::service::usage {

struct Retention;

// Calls encoded beforehand, so that the transaction is short.
class CallBatches {
 public:
  explicit CallBatches(const std::vector<invoke::UsageRecord>& calls);
  // Puts them after the ones that are there, and removes some of those that are too old or too many.
  Result<> append(kv::Transaction& transaction, const Retention& retention, WallTime now) const;

 private:
  struct Encoded {
    std::string ids;
    std::string calls;
    std::uint64_t count = 0;
  };
  std::vector<Encoded> batches_;
};

// Every call of that request id, oldest first.
Result<std::vector<CallRecord>> find_calls(kv::Reader& reader, const std::string& request_id);

}  // namespace wick::service::usage
