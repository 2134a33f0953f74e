#pragma once
// What one invocation used, as it is billed and as `wick why` tells it; and what was used beside invocations. Plain data from the engine
// to service/usage.
#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "invoke/invocation.h"
#include "sandbox/backend.h"

namespace wick::invoke {

struct UsageRecord {
  enum class Kind {
    call,         // all members but provisioned_ms
    background,   // cpu_nanos and memory_peak_mb of an instance while it had no call: its end, threads of its own, provisioned init
    provisioned,  // provisioned_ms
  };
  // throttled and not_started: the function did not run, and has no timing but queue_us and start_us.
  enum class End { success, error, timeout, cut_off, throttled, not_started };

  Kind kind = Kind::call;
  function::VersionPtr version;
  WallTime time;  // when the call was asked for
  RequestId id;
  sandbox::InstanceId instance;
  bool on_provisioned = false;  // on an instance of provisioned concurrency
  End end = End::success;
  std::string error_type;  // as the caller got it; the reason of a refusal
  Timing timing;
  std::uint64_t bytes_in = 0;        // the payload
  std::uint64_t bytes_out = 0;       // the reply's payload, streamed or not
  std::uint64_t cpu_nanos = 0;       // its share of the cgroup's total (invoke/meter.h)
  std::uint64_t memory_peak_mb = 0;  // of the instance up to the reading after the call
  std::uint64_t provisioned_ms = 0;  // how long provisioned concurrency was kept, times the instances asked for
};

using OnUsage = std::function<void(UsageRecord)>;

}  // namespace wick::invoke
