#include "invoke/watchdog.h"

#include <gtest/gtest.h>

#include <optional>

#include <boost/asio/io_context.hpp>

namespace wick::invoke {
namespace {

using namespace std::chrono_literals;

struct WatchdogTest : testing::Test {
  MonoTime in(Millis time) { return clock.monotonic() + time; }
  // Milliseconds until it is due; -1 if it never is.
  long long run() {
    const MonoTime start = clock.monotonic();
    loop.restart();
    loop.run();
    return fired ? std::chrono::duration_cast<Millis>(*fired - start).count() : -1;
  }
  const Clock& clock = Clock::system();
  boost::asio::io_context loop;
  std::optional<MonoTime> fired;
  int times = 0;
  Watchdog watchdog{loop.get_executor(), clock, [this] {
                      fired = clock.monotonic();
                      ++times;
                    }};
};

TEST_F(WatchdogTest, FiresOnceAtTheTimeSetLast) {
  watchdog.set(in(5ms));
  watchdog.set(in(40ms));
  EXPECT_GE(run(), 39);
  watchdog.set(in(10s));
  watchdog.set(in(5ms));
  EXPECT_LT(run(), 5000);
  EXPECT_EQ(times, 2);
}

TEST_F(WatchdogTest, NeverAfterNever) {
  watchdog.set(in(5ms));
  watchdog.set(Watchdog::kNever);
  EXPECT_EQ(run(), -1);
}

TEST_F(WatchdogTest, NeverAfterItsEnd) {
  int count = 0;
  {
    Watchdog other(loop.get_executor(), clock, [&] { ++count; });
    other.set(in(1ms));
  }
  run();
  EXPECT_EQ(count, 0);
}

}  // namespace
}  // namespace wick::invoke
