#include "base/clock.h"

#include <gtest/gtest.h>

namespace wick {
namespace {

TEST(Clock, FormatsAsAwsDoes) {
  const WallTime t{std::chrono::milliseconds(1767323045678)};
  EXPECT_EQ(format_iso8601_millis(t), "2026-01-02T03:04:05.678+0000");
  EXPECT_EQ(format_iso8601_zulu(t), "2026-01-02T03:04:05.678Z");
}

}  // namespace
}  // namespace wick
