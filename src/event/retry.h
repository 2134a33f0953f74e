#pragma once
// What happens to an event after an attempt: AWS's rules for asynchronous invocation, as one pure function.
//
// (Lambda Developer Guide, "How Lambda handles errors and retries with asynchronous invocation".) A function error is retried twice
// by default, one minute and then two minutes later. A throttle or a system error is retried from 1 second up to 5 minutes later,
// doubling, and does not use up those two. Whatever would start at or after the event's maximum age (6 hours by default) does not.
#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "function/registry.h"

namespace wick::event {

enum class Attempted {
  succeeded,
  function_error,    // it ran, and failed
  refused,           // it did not run; later it may
  refused_for_good,  // it did not run, and never will
  disabled,          // the function's reserved concurrency is zero: nothing of it runs
};

enum class Step { succeed, retry, give_up };

struct Next {
  Step step{};
  Millis delay{0};               // retry: until the next attempt
  std::string_view condition{};  // otherwise: the destination record's condition, in AWS's words
};

inline constexpr std::string_view kSuccess = "Success";
inline constexpr std::string_view kRetriesExhausted = "RetriesExhausted";
inline constexpr std::string_view kEventAgeExceeded = "EventAgeExceeded";
inline constexpr std::string_view kZeroReservedConcurrency = "ZeroReservedConcurrency";

// function_errors and refusals count this attempt too. age: since the event was accepted. spread, [0, 1): where in the last
// quarter of the delay a refused event comes back, so that those refused together do not come back together.
Next next_step(Attempted attempted, std::uint32_t function_errors, std::uint32_t refusals, Millis age, const function::EventInvokeConfig& config,
               double spread);

}  // namespace wick::event
