#include "daemon/duration.h"

#include <gtest/gtest.h>

namespace wick::daemon {
namespace {

using std::chrono::milliseconds;

TEST(Duration, NumbersWithUnits) {
  EXPECT_EQ(parse_duration("200ms").value(), milliseconds(200));
  EXPECT_EQ(parse_duration("30s").value(), milliseconds(30'000));
  EXPECT_EQ(parse_duration("10m").value(), milliseconds(600'000));
  EXPECT_EQ(parse_duration("2h").value(), milliseconds(7'200'000));
  EXPECT_EQ(parse_duration("0s").value(), milliseconds(0));
}

TEST(Duration, EverythingElseIsRefused) {
  for (const char* text : {"", "s", "10", "-1s", "1.5s", "10 s", "10S", "99999999999999999999s", "9999999h", "1h30m"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

}  // namespace
}  // namespace wick::daemon
