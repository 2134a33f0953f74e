#include "invoke/pace.h"

#include <gtest/gtest.h>

namespace wick::invoke {
namespace {

constexpr bool kContended = true;

Pace::Micros time_of(std::optional<Pace::Patience> patience) { return patience ? patience->time : Pace::Micros(-1); }

constexpr Pace::Load kOneBusy{.waiting = 0, .busy = 1, .starting = 0};
constexpr Pace::Load kTwoBusy{.waiting = 0, .busy = 2, .starting = 0};

TEST(PaceTest, NobodyWaitsForRunsOfUnknownLength) { EXPECT_FALSE(Pace(1).patience(StartLevel::boot, kOneBusy, !kContended)); }

TEST(PaceTest, UntilTheLengthOfRunsIsKnownNoMoreStartThanThereAreProcessors) {
  const Pace pace(2);
  EXPECT_FALSE(pace.patience(StartLevel::version_template, {.waiting = 0, .busy = 0, .starting = 1}, !kContended));
  constexpr Pace::Load twoStart{.waiting = 9, .busy = 0, .starting = 2};
  for (const bool contended : {false, true}) {
    EXPECT_EQ(time_of(pace.patience(StartLevel::version_template, twoStart, contended)), Pace::Micros(200'000));
    EXPECT_TRUE(pace.holds_back(twoStart, contended));
    EXPECT_FALSE(pace.holds_back({.waiting = 9, .busy = 9, .starting = 1}, contended));
  }
}

TEST(PaceTest, NobodyWaitsForRunsLongerThanAStart) {
  Pace pace(1);
  pace.ran(5'000);
  EXPECT_FALSE(pace.patience(StartLevel::version_template, kOneBusy, !kContended));
  EXPECT_TRUE(pace.patience(StartLevel::boot, kOneBusy, !kContended));
}

TEST(PaceTest, NobodyWaitsWhereNothingIsBusy) {
  Pace pace(2);
  pace.ran(100);
  EXPECT_FALSE(pace.patience(StartLevel::boot, {.waiting = 0, .busy = 0, .starting = 1}, !kContended));
}

TEST(PaceTest, NobodyWaitsWhileFewerAreAtWorkThanThereAreProcessors) {
  Pace pace(2);
  pace.ran(100);
  EXPECT_FALSE(pace.patience(StartLevel::boot, kOneBusy, !kContended));
  EXPECT_TRUE(pace.patience(StartLevel::boot, {.waiting = 0, .busy = 1, .starting = 1}, !kContended));
}

TEST(PaceTest, AQueueIsJoinedUntilAStartIsQuicker) {
  Pace pace(1);
  pace.ran(1'000);
  EXPECT_EQ(time_of(pace.patience(StartLevel::version_template, kOneBusy, !kContended)), Pace::Micros(3'000));  // a start's time at most
  EXPECT_EQ(time_of(pace.patience(StartLevel::boot, kOneBusy, !kContended)), Pace::Micros(5'000));  // an estimate that is so wrong is not trusted
  EXPECT_FALSE(pace.patience(StartLevel::version_template, {.waiting = 2, .busy = 1, .starting = 0}, !kContended));
  EXPECT_TRUE(pace.patience(StartLevel::version_template, {.waiting = 2, .busy = 2, .starting = 0}, !kContended));
}

TEST(PaceTest, FewStartAtOnceWhileRunsAreShort) {
  constexpr Pace::Load manyStart{.waiting = 50, .busy = 1, .starting = 1000};
  Pace pace(1);
  pace.ran(100);
  for (const bool contended : {false, true}) {
    EXPECT_EQ(time_of(pace.patience(StartLevel::version_template, manyStart, contended)), Pace::Micros(500'000));
  }
  EXPECT_TRUE(pace.patience(StartLevel::version_template, manyStart, !kContended)->held_back);
  for (int i = 0; i < 100; ++i) pace.started(StartLevel::boot, 900'000);  // which may be waiting for something
  EXPECT_EQ(time_of(pace.patience(StartLevel::boot, manyStart, !kContended)), Pace::Micros(200'000));
  EXPECT_EQ(time_of(pace.patience(StartLevel::boot, manyStart, kContended)), Pace::Micros(500'000));
  Pace slow(1);
  slow.ran(1'000'000);
  EXPECT_FALSE(slow.patience(StartLevel::version_template, manyStart, kContended));
}

TEST(PaceTest, StartsAreMeasured) {
  Pace pace(1);
  pace.ran(5'000);
  for (int i = 0; i < 100; ++i) pace.started(StartLevel::version_template, 50'000);
  EXPECT_TRUE(pace.patience(StartLevel::version_template, kOneBusy, !kContended));
}

TEST(PaceTest, AsManyAsThereAreProcessorsAreACrowdWhileRunsAreShort) {
  Pace pace(2);
  EXPECT_FALSE(pace.is_crowded({.waiting = 0, .busy = 9, .starting = 0}));
  pace.ran(100);
  EXPECT_FALSE(pace.is_crowded(kOneBusy));
  EXPECT_TRUE(pace.is_crowded(kTwoBusy));
  for (int i = 0; i < 10; ++i) pace.ran(800);  // as when many share a processor
  EXPECT_TRUE(pace.is_crowded(kTwoBusy));
}

TEST(PaceTest, FewShortRunsAmongLongOnesMakeThemShort) {
  Pace pace(2);
  for (int i = 0; i < 1000; ++i) {
    pace.ran(i % 5 == 0 ? 100 : 20'000);
    ASSERT_TRUE(pace.is_crowded(kTwoBusy)) << i;
  }
}

TEST(PaceTest, OfTheFirstFewRunsTheShortestCounts) {
  Pace pace(2);
  for (const int run_us : {20'000, 15'000, 900}) pace.ran(run_us);
  EXPECT_TRUE(pace.runs_are_short());
  Pace known(2);
  for (int i = 0; i < 8; ++i) known.ran(20'000);
  known.ran(900);
  EXPECT_FALSE(known.runs_are_short());
}

TEST(PaceTest, RunsThatHaveBecomeLongAreLong) {
  Pace pace(2);
  pace.ran(100);
  for (int i = 0; i < 200; ++i) pace.ran(20'000);
  EXPECT_FALSE(pace.is_crowded(kTwoBusy));
}

TEST(PaceTest, OnAContendedMachineACrowdHoldsBack) {
  Pace pace(2);
  pace.ran(100);
  const Pace::Load many{.waiting = 1000, .busy = 2, .starting = 0};
  EXPECT_EQ(time_of(pace.patience(StartLevel::version_template, many, !kContended)), Pace::Micros(3'000));  // a start's time
  EXPECT_FALSE(pace.holds_back(many, !kContended));
  EXPECT_EQ(time_of(pace.patience(StartLevel::version_template, many, kContended)), Pace::Micros(500'000));
  EXPECT_TRUE(pace.holds_back(many, kContended));
  EXPECT_FALSE(pace.holds_back(kOneBusy, kContended));
  EXPECT_TRUE(pace.holds_back({.waiting = 0, .busy = 0, .starting = 1}, kContended));
}

}  // namespace
}  // namespace wick::invoke
