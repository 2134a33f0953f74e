#include "invoke/pace.h"

#include <gtest/gtest.h>

namespace wick::invoke {
namespace {

constexpr Pace::Load kOneBusy{.waiting = 0, .busy = 1, .starting = 0};

TEST(PaceTest, NobodyWaitsForRunsOfUnknownLength) { EXPECT_FALSE(Pace(1).patience(StartLevel::boot, kOneBusy)); }

TEST(PaceTest, NobodyWaitsForRunsLongerThanAStart) {
  Pace pace(1);
  pace.ran(5'000);
  EXPECT_FALSE(pace.patience(StartLevel::version_template, kOneBusy));
  EXPECT_TRUE(pace.patience(StartLevel::boot, kOneBusy));
}

TEST(PaceTest, NobodyWaitsWhereNothingIsBusy) {
  Pace pace(1);
  pace.ran(100);
  EXPECT_FALSE(pace.patience(StartLevel::boot, {.waiting = 0, .busy = 0, .starting = 5}));
}

TEST(PaceTest, NobodyWaitsWhileFewerAreAtWorkThanThereAreProcessors) {
  Pace pace(2);
  pace.ran(100);
  EXPECT_FALSE(pace.patience(StartLevel::boot, kOneBusy));
  EXPECT_TRUE(pace.patience(StartLevel::boot, {.waiting = 0, .busy = 1, .starting = 1}));
}

TEST(PaceTest, AQueueIsJoinedUntilAStartIsQuicker) {
  Pace pace(1);
  pace.ran(1'000);
  EXPECT_EQ(pace.patience(StartLevel::version_template, kOneBusy), Pace::Micros(3'000));  // a start's time at most
  EXPECT_EQ(pace.patience(StartLevel::boot, kOneBusy), Pace::Micros(5'000));              // an estimate that is so wrong is not trusted
  EXPECT_FALSE(pace.patience(StartLevel::version_template, {.waiting = 2, .busy = 1, .starting = 0}));
  EXPECT_TRUE(pace.patience(StartLevel::version_template, {.waiting = 2, .busy = 2, .starting = 0}));
}

TEST(PaceTest, FewStartAtOnceWhileRunsAreShort) {
  Pace pace(1);
  pace.ran(1'000);
  EXPECT_TRUE(pace.patience(StartLevel::version_template, {.waiting = 50, .busy = 1, .starting = 1000}));
  pace.ran(1'000'000);
  EXPECT_FALSE(pace.patience(StartLevel::version_template, {.waiting = 50, .busy = 1, .starting = 1000}));
}

TEST(PaceTest, StartsAreMeasured) {
  Pace pace(1);
  pace.ran(5'000);
  for (int i = 0; i < 100; ++i) pace.started(StartLevel::version_template, 50'000);
  EXPECT_TRUE(pace.patience(StartLevel::version_template, kOneBusy));
}

TEST(PaceTest, MoreThanTheProcessorsCanRunIsACrowdWhileRunsAreShort) {
  Pace pace(2);
  EXPECT_FALSE(pace.is_crowded({.waiting = 0, .busy = 9, .starting = 0}));
  pace.ran(100);
  EXPECT_FALSE(pace.is_crowded({.waiting = 0, .busy = 2, .starting = 0}));
  EXPECT_TRUE(pace.is_crowded({.waiting = 0, .busy = 3, .starting = 0}));
  for (int i = 0; i < 10; ++i) pace.ran(800);  // as when many share a processor
  EXPECT_TRUE(pace.is_crowded({.waiting = 0, .busy = 3, .starting = 0}));
  pace.ran(100'000);
  EXPECT_FALSE(pace.is_crowded({.waiting = 0, .busy = 3, .starting = 0}));
}

}  // namespace
}  // namespace wick::invoke
