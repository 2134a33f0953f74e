#pragma once
// One call as it is kept for `wick why`: what a usage record says, without the version that it points to. The encoding is persistent:
// numbers as LEB128, texts with their length before them, several records one after another.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "invoke/usage_record.h"

namespace wick::service::usage {

struct CallRecord {
  std::string id;
  std::string function;
  std::string version;
  std::string instance;  // empty: it had none
  WallTime time;
  invoke::UsageRecord::End end = invoke::UsageRecord::End::success;
  std::string error_type;
  bool on_provisioned = false;
  invoke::Timing timing;
  std::uint64_t memory_mb = 0;
  std::uint64_t tmp_mb = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t cpu_nanos = 0;
};

void append_record(std::string& out, const invoke::UsageRecord& call);
// The records of a text made by append_record. Error: internal.
Result<std::vector<CallRecord>> parse_calls(std::string_view text);

}  // namespace wick::service::usage
