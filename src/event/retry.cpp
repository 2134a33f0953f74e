#include "event/retry.h"

#include <algorithm>

namespace wick::event {
namespace {

constexpr std::uint32_t kRetries = 2;
constexpr std::uint32_t kAgeSeconds = 21'600;
constexpr Millis kErrorDelay = std::chrono::minutes(1);  // times the number of errors so far
constexpr Millis kRefusedDelay = std::chrono::seconds(1);
constexpr Millis kRefusedDelayMax = std::chrono::minutes(5);

Millis refused_delay(std::uint32_t refusals, double spread) {
  const auto doublings = std::min(refusals > 0 ? refusals - 1 : 0, 16u);
  const auto delay = std::min(kRefusedDelay * (1 << doublings), kRefusedDelayMax);
  return delay - Millis(static_cast<Millis::rep>(static_cast<double>(delay.count()) / 4 * spread));
}

}  // namespace

Next next_step(Attempted attempted, std::uint32_t function_errors, std::uint32_t refusals, Millis age, const function::EventInvokeConfig& config,
               double spread) {
  if (attempted == Attempted::succeeded) return {.step = Step::succeed, .condition = kSuccess};
  if (attempted == Attempted::disabled) return {.step = Step::give_up, .condition = kZeroReservedConcurrency};
  if (attempted == Attempted::refused_for_good) return {.step = Step::give_up, .condition = kRetriesExhausted};

  Millis delay{0};
  if (attempted == Attempted::function_error) {
    if (function_errors > config.retries_max.value_or(kRetries)) return {.step = Step::give_up, .condition = kRetriesExhausted};
    delay = kErrorDelay * function_errors;
  } else {
    delay = refused_delay(refusals, spread);
  }
  if (age + delay >= std::chrono::seconds(config.event_age_max_s.value_or(kAgeSeconds))) {
    return {.step = Step::give_up, .condition = kEventAgeExceeded};
  }
  return {.step = Step::retry, .delay = delay};
}

}  // namespace wick::event
