#include "base/timer.h"

#include <gtest/gtest.h>

#include <string>

#include <boost/asio/post.hpp>

namespace wick {
namespace {

using namespace std::chrono_literals;

struct VirtualTimeTest : testing::Test {
  VirtualTime time;
  boost::asio::io_context loop;
  const LoopClock::time_point start = LoopClock::now();
  std::string fired;

  void wait(Timer& timer, std::string what) {
    timer.async_wait([this, what](boost::system::error_code ec) { fired += ec ? "-" : what; });
  }
};

TEST(TimerTest, FiresInRealTimeWithoutASimulation) {
  boost::asio::io_context loop;
  const auto start = std::chrono::steady_clock::now();
  Timer timer(loop, LoopClock::now() + 20ms);
  timer.async_wait([](boost::system::error_code) {});
  loop.run();
  EXPECT_GE(std::chrono::steady_clock::now() - start, 20ms);
}

TEST_F(VirtualTimeTest, HoursPassInTheOrderOfTheTimers) {
  Timer a(loop, start + 3h), b(loop, start + 1h), c(loop, start + 3h), d(loop, start + 2h), never(loop, LoopClock::time_point::max());
  wait(a, "a");
  wait(b, "b");
  wait(c, "c");
  wait(d, "d");
  wait(never, "never");
  ASSERT_TRUE(time.step(loop));
  ASSERT_TRUE(time.step(loop));
  EXPECT_EQ(fired, "bd");
  EXPECT_EQ(LoopClock::now(), start + 2h);
  while (time.step(loop)) {
  }
  EXPECT_EQ(LoopClock::now(), start + 3h);
  EXPECT_EQ(fired.substr(0, 2), "bd");
  EXPECT_EQ(fired.size(), 4);
}

TEST_F(VirtualTimeTest, ACancelledWaitCostsAStepAndNoMore) {
  Timer a(loop, start + 1h);
  wait(a, "a");
  a.cancel();
  ASSERT_TRUE(time.step(loop));
  EXPECT_FALSE(time.step(loop));
  EXPECT_EQ(fired, "-");
}

TEST_F(VirtualTimeTest, WhatIsDueAlreadyFiresInTheNextStep) {
  Timer late(loop, start - 1h);
  wait(late, "late");
  boost::asio::post(loop, [&] { fired += "ready,"; });
  while (time.step(loop)) {
  }
  EXPECT_EQ(fired, "ready,late");
}

}  // namespace
}  // namespace wick
