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
  ContentionTest() { contention.is_high(); }
  bool is_high_after(std::chrono::nanoseconds time, std::chrono::nanoseconds of_it_waiting) {
    clock.time += time;
    if (waited) *waited += of_it_waiting;
    return contention.is_high();
  }
  TestClock clock;
  std::optional<std::chrono::nanoseconds> waited = 1min;  // before the first reading
  Contention contention{clock, [this] { return waited; }};
};

TEST_F(ContentionTest, ATenthOfTheTimeIsHigh) {
  EXPECT_FALSE(contention.is_high());
  EXPECT_FALSE(is_high_after(20ms, 1900us));
  EXPECT_TRUE(is_high_after(20ms, 2ms));
}

TEST_F(ContentionTest, ItIsReadAgainAfterTenMilliseconds) {
  EXPECT_FALSE(is_high_after(9ms, 9ms));
  EXPECT_TRUE(is_high_after(1ms, 0ms));
}

TEST_F(ContentionTest, ItCountsForAHundredMilliseconds) {
  EXPECT_TRUE(is_high_after(10ms, 10ms));
  EXPECT_TRUE(is_high_after(99ms, 0ms));
  EXPECT_FALSE(is_high_after(1ms, 0ms));
}

TEST_F(ContentionTest, AKernelThatDoesNotSayIsNotContended) {
  waited.reset();
  EXPECT_FALSE(is_high_after(20ms, 20ms));
  waited = 1h;
  EXPECT_FALSE(is_high_after(20ms, 20ms));
  EXPECT_TRUE(is_high_after(20ms, 20ms));
}

TEST(SchedstatTest, TheSecondNumberIsTheWait) {
  EXPECT_EQ(parse_schedstat("1234567 89012 34\n"), 89012ns);
  EXPECT_EQ(parse_schedstat("0 0 0\n"), 0ns);
  EXPECT_EQ(parse_schedstat("1234567"), std::nullopt);
  EXPECT_EQ(parse_schedstat("1234567 "), std::nullopt);
  EXPECT_EQ(parse_schedstat(""), std::nullopt);
}

TEST(SchedstatTest, ThisKernelSays) { EXPECT_TRUE(waited_for_processor()); }

}  // namespace
}  // namespace wick::invoke
