#include "event/retry.h"

#include <gtest/gtest.h>

namespace wick::event {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

Next after(Attempted attempted, std::uint32_t function_errors, std::uint32_t refusals, Millis age, const function::EventInvokeConfig& config = {},
           double spread = 0) {
  return next_step(attempted, function_errors, refusals, age, config, spread);
}

TEST(Retry, SuccessIsTheEnd) {
  const auto next = after(Attempted::succeeded, 1, 3, minutes(5));
  EXPECT_EQ(next.step, Step::succeed);
  EXPECT_EQ(next.condition, "Success");
}

TEST(Retry, FunctionErrorsAreRetriedAfterOneAndTwoMinutes) {
  const auto first = after(Attempted::function_error, 1, 0, seconds(1));
  EXPECT_EQ(first.step, Step::retry);
  EXPECT_EQ(first.delay, minutes(1));
  const auto second = after(Attempted::function_error, 2, 0, seconds(62));
  EXPECT_EQ(second.step, Step::retry);
  EXPECT_EQ(second.delay, minutes(2));
  const auto third = after(Attempted::function_error, 3, 0, seconds(185));
  EXPECT_EQ(third.step, Step::give_up);
  EXPECT_EQ(third.condition, "RetriesExhausted");
}

TEST(Retry, TheNumberOfRetriesIsConfigured) {
  function::EventInvokeConfig never;
  never.retries_max = 0;
  EXPECT_EQ(after(Attempted::function_error, 1, 0, seconds(1), never).condition, "RetriesExhausted");
  function::EventInvokeConfig once;
  once.retries_max = 1;
  EXPECT_EQ(after(Attempted::function_error, 1, 0, seconds(1), once).step, Step::retry);
  EXPECT_EQ(after(Attempted::function_error, 2, 0, seconds(62), once).step, Step::give_up);
}

TEST(Retry, RefusalsBackOffFromOneSecondToFiveMinutesAndSpareTheRetries) {
  const Millis expected[] = {seconds(1),  seconds(2),   seconds(4),   seconds(8), seconds(16), seconds(32),
                             seconds(64), seconds(128), seconds(256), minutes(5), minutes(5)};
  std::uint32_t refusals = 0;
  for (const auto delay : expected) {
    const auto next = after(Attempted::refused, 2, ++refusals, seconds(1));
    EXPECT_EQ(next.step, Step::retry);
    EXPECT_EQ(next.delay, delay) << refusals;
  }
  EXPECT_EQ(after(Attempted::refused, 0, 4'000'000'000u, seconds(1)).delay, minutes(5));
}

TEST(Retry, RefusedEventsComeBackSpreadOverTheLastQuarter) {
  EXPECT_EQ(after(Attempted::refused, 0, 3, seconds(1), {}, 0.5).delay, Millis(3'500));
  EXPECT_GE(after(Attempted::refused, 0, 3, seconds(1), {}, 0.999999).delay, Millis(3'000));
}

TEST(Retry, NothingStartsOnceTheEventIsTooOld) {
  function::EventInvokeConfig config;
  config.event_age_max_s = 60;
  const auto error = after(Attempted::function_error, 1, 0, seconds(1), config);
  EXPECT_EQ(error.step, Step::give_up);
  EXPECT_EQ(error.condition, "EventAgeExceeded");
  EXPECT_EQ(after(Attempted::refused, 0, 1, Millis(58'999), config).step, Step::retry);
  EXPECT_EQ(after(Attempted::refused, 0, 1, seconds(59), config).condition, "EventAgeExceeded");
  EXPECT_EQ(after(Attempted::refused, 0, 99, std::chrono::hours(6)).condition, "EventAgeExceeded");
}

TEST(Retry, SpentRetriesCountBeforeTheAge) {
  function::EventInvokeConfig config;
  config.retries_max = 0;
  config.event_age_max_s = 60;
  EXPECT_EQ(after(Attempted::function_error, 1, 0, minutes(2), config).condition, "RetriesExhausted");
}

TEST(Retry, ADisabledFunctionEndsItsEventsAtOnce) {
  const auto next = after(Attempted::disabled, 0, 0, seconds(0));
  EXPECT_EQ(next.step, Step::give_up);
  EXPECT_EQ(next.condition, "ZeroReservedConcurrency");
}

TEST(Retry, WhatCanNeverRunIsNotRetried) { EXPECT_EQ(after(Attempted::refused_for_good, 0, 0, seconds(0)).step, Step::give_up); }

}  // namespace
}  // namespace wick::event
