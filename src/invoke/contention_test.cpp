#include "invoke/contention.h"

#include <gtest/gtest.h>

namespace wick::invoke {
namespace {

using namespace std::chrono_literals;

struct ContentionTest : testing::Test {
  struct TestClock : Clock {
    WallTime now() const override { return {}; }
    MonoTime monotonic() const override { return time; }
    MonoTime time{1h};
  };
  void pass(std::chrono::nanoseconds time, std::chrono::nanoseconds of_it_waiting) {
    clock.time += time;
    waited += of_it_waiting;
  }
  TestClock clock;
  std::chrono::nanoseconds waited{};
  Contention contention{clock, [this] { return waited; }};
};

TEST_F(ContentionTest, ATenthOfTheTimeIsHigh) {
  EXPECT_FALSE(contention.is_high());
  pass(100ms, 10ms);
  EXPECT_TRUE(contention.is_high());
  pass(100ms, 9ms);
  EXPECT_FALSE(contention.is_high());
}

TEST_F(ContentionTest, WhatWasLongAgoDoesNotCount) {
  pass(100ms, 100ms);
  EXPECT_TRUE(contention.is_high());
  pass(10ms, 0ms);
  EXPECT_FALSE(contention.is_high());
}

TEST_F(ContentionTest, ItIsReadAgainAfterTenMilliseconds) {
  pass(9ms, 9ms);
  EXPECT_FALSE(contention.is_high());
  pass(1ms, 0ms);
  EXPECT_TRUE(contention.is_high());
}

TEST(WaitedForProcessorTest, NeverGoesBack) {
  const auto before = waited_for_processor();
  EXPECT_GE(before, 0ns);
  EXPECT_GE(waited_for_processor(), before);
}

}  // namespace
}  // namespace wick::invoke
