#include "function/custom_runtime.h"

#include <gtest/gtest.h>

namespace wick::function {
namespace {

Version asking_for(const std::string& value, const std::string& runtime = "provided.al2023") {
  Version out;
  out.runtime = runtime;
  out.environment[kMaxConcurrencyVariable] = value;
  return out;
}

TEST(MaxConcurrencyTest, IsWhatTheFunctionAsksFor) {
  EXPECT_EQ(max_concurrency(asking_for("1")), 1u);
  EXPECT_EQ(max_concurrency(asking_for("8", "provided.al2")), 8u);
  EXPECT_EQ(max_concurrency(asking_for("64")), 64u);
}

TEST(MaxConcurrencyTest, IsOneWithoutASensibleValue) {
  Version silent;
  silent.runtime = "provided.al2023";
  EXPECT_EQ(max_concurrency(silent), 1u);
  for (const char* value : {"", "0", "65", "-2", "+2", " 2", "2 ", "2x", "many", "99999999999"}) {
    EXPECT_EQ(parse_max_concurrency(value), std::nullopt) << value;
    EXPECT_EQ(max_concurrency(asking_for(value)), 1u) << value;
  }
}

TEST(MaxConcurrencyTest, IsOneWithAManagedRuntime) { EXPECT_EQ(max_concurrency(asking_for("8", "nodejs22.x")), 1u); }

}  // namespace
}  // namespace wick::function
