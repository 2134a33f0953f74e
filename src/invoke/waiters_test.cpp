#include "invoke/waiters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "invoke/instance.h"

namespace wick::invoke {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

struct WaitersTest : testing::Test {
  // A call that began to wait at since, and says its name when it waits no more.
  void wait(char name, MonoTime since, MonoTime until) {
    const auto call = [this](char own, MonoTime began, MonoTime end) -> asio::awaitable<void> {
      (void)co_await waiters.wait(began, end);
      ended.push_back(own);
    };
    asio::co_spawn(loop, call(name, since, until), asio::detached);
    loop.poll();
  }
  MonoTime in(Millis time) const { return now + time; }
  void run_until(std::size_t count) {
    while (ended.size() < count && loop.run_one() > 0) {
    }
  }

  const MonoTime now = Clock::system().monotonic();
  asio::io_context loop;
  Waiters waiters{loop.get_executor(), Clock::system()};
  std::string ended;
};

TEST_F(WaitersTest, EachWaitsUntilItsOwnTime) {
  wait('a', in(0ms), in(1h));
  wait('b', in(1ms), in(30ms));
  wait('c', in(2ms), in(5ms));
  run_until(2);
  std::ranges::sort(ended);  // both may be over at the same look
  EXPECT_EQ(ended, "bc");
  EXPECT_EQ(waiters.size(), 1U);
}

TEST_F(WaitersTest, OneWhoseTimeIsLongerMayGoFirst) {
  wait('a', in(0ms), in(1h));
  wait('b', in(1ms), in(5ms));
  waiters.release_beyond(1);
  run_until(2);
  EXPECT_EQ(ended, "ab");
}

TEST_F(WaitersTest, WhoeverHasWaitedLongestIsFirst) {
  wait('a', in(2ms), in(1h));
  wait('b', in(1ms), in(1h));
  EXPECT_TRUE(waiters.give(nullptr));
  run_until(1);
  EXPECT_EQ(ended, "b");
  waiters.release_all();
  run_until(2);
  EXPECT_FALSE(waiters.give(nullptr));
}

}  // namespace
}  // namespace wick::invoke
