#pragma once
// For tests: records of calls, and a clock that is set. No part of the program includes it.
#include <memory>
#include <string>

#include "invoke/usage_record.h"

namespace wick::service::usage {

struct SetClock final : Clock {
  WallTime now() const override { return time; }
  MonoTime monotonic() const override { return {}; }
  WallTime time = WallTime(std::chrono::hours(490'000));  // 2025-11-24T16:00:00Z
};

inline function::VersionPtr make_version(const std::string& function, const std::string& version = "$LATEST", std::uint32_t memory_mb = 128,
                                         std::uint32_t tmp_mb = 512) {
  auto out = std::make_shared<function::Version>();
  out->name = function::FunctionName(function);
  out->version = version;
  out->memory_mb = memory_mb;
  out->tmp_mb = tmp_mb;
  return out;
}

inline invoke::UsageRecord make_call(function::VersionPtr version, WallTime time, const std::string& id, std::int64_t billed_ms = 1) {
  invoke::UsageRecord out;
  out.version = std::move(version);
  out.time = time;
  out.id = invoke::RequestId(id);
  out.timing.billed_ms = billed_ms;
  return out;
}

}  // namespace wick::service::usage
