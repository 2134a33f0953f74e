#include "invoke/meter.h"

#include <gmock/gmock.h>

#include <set>

#include "base/random.h"

namespace wick::invoke {
namespace {

using namespace std::chrono_literals;
using Kind = UsageRecord::Kind;

struct StandingClock final : Clock {
  WallTime now() const override { return WallTime(std::chrono::duration_cast<WallTime::duration>(time.time_since_epoch())); }
  MonoTime monotonic() const override { return time; }
  MonoTime time{1h};
};

struct MeterTest : testing::Test {
  UsageRecord call(const std::string& id) {
    UsageRecord record;
    record.version = version;
    record.id = RequestId(id);
    return record;
  }
  void run(Meter& of, const std::string& id, MonoTime::duration duration) {
    const std::size_t place = of.begin();
    clock.time += duration;
    of.finish(place, call(id));
  }
  std::uint64_t cpu_of(const std::string& id) const {
    const auto found = std::ranges::find(out, RequestId(id), &UsageRecord::id);
    return found == out.end() ? UINT64_MAX : found->cpu_nanos;
  }
  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const UsageRecord& record : out) sum += record.cpu_nanos;
    return sum;
  }

  StandingClock clock;
  std::vector<UsageRecord> out;
  function::VersionPtr version = std::make_shared<function::Version>();
  Meter meter{version, clock, [this](UsageRecord record) { out.push_back(std::move(record)); }};
};

TEST_F(MeterTest, ChargesByTimeOnTheInstance) {
  run(meter, "a", 10ms);
  run(meter, "b", 30ms);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(meter.waiting(), 2u);
  meter.read(20'000'000, 7);
  EXPECT_EQ(meter.waiting(), 0u);
  EXPECT_NEAR(static_cast<double>(cpu_of("a")), 5e6, 1e4);
  EXPECT_NEAR(static_cast<double>(cpu_of("b")), 15e6, 1e4);
  EXPECT_EQ(total(), 20'000'000u);
  EXPECT_EQ(out[0].memory_peak_mb, 7u);
}

TEST_F(MeterTest, ACallKeepsWhatWasReadWhileItRan) {
  const std::size_t place = meter.begin();
  clock.time += 1s;
  meter.read(900'000'000, 1);
  clock.time += 1s;
  meter.read(1'000'000'000, 1);
  EXPECT_TRUE(out.empty());
  meter.finish(place, call("a"));
  run(meter, "b", 1s);
  meter.read(1'500'000'000, 1);
  EXPECT_NEAR(static_cast<double>(cpu_of("a")), 1e9, 1e6);  // and next to nothing of b's second
  EXPECT_EQ(total(), 1'500'000'000u);
}

TEST_F(MeterTest, CallsAtOnceShareByTheirTime) {
  const std::size_t a = meter.begin();
  clock.time += 1s;
  const std::size_t b = meter.begin();
  EXPECT_NE(a, b);
  clock.time += 1s;
  meter.read(600'000'000, 1);  // a had it for two seconds, b for one
  meter.finish(a, call("a"));
  EXPECT_FALSE(meter.runs(a));
  EXPECT_EQ(meter.begin(), a);
  clock.time += 1s;
  meter.finish(a, call("c"));
  meter.finish(b, call("b"));
  meter.read(1'000'000'000, 1);
  EXPECT_NEAR(static_cast<double>(cpu_of("a")), 400e6, 1e3);
  EXPECT_NEAR(static_cast<double>(cpu_of("b")), 400e6, 1e3);
  EXPECT_NEAR(static_cast<double>(cpu_of("c")), 200e6, 1e3);
  EXPECT_EQ(total(), 1'000'000'000u);
}

TEST_F(MeterTest, WhatIsUsedWithoutACallIsBackground) {
  meter.read(5'000'000, 3);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].kind, Kind::background);
  EXPECT_EQ(out[0].cpu_nanos, 5'000'000u);
  EXPECT_EQ(out[0].version, version);
  meter.read(5'000'000, 3);
  EXPECT_EQ(out.size(), 1u);

  const std::size_t place = meter.begin();
  clock.time += 1ms;
  meter.read(6'000'000, 3);
  meter.give_up(place);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[1].kind, Kind::background);
  EXPECT_EQ(total(), 6'000'000u);
}

TEST_F(MeterTest, AReadingOfAnInstanceThatIsGoneChargesNothing) {
  run(meter, "a", 1ms);
  meter.read(1'000, 1);
  run(meter, "b", 1ms);
  meter.read(0, 0);
  EXPECT_EQ(cpu_of("b"), 0u);
  EXPECT_EQ(out[1].memory_peak_mb, 1u);
  meter.read(2'000, 1);
  EXPECT_EQ(total(), 2'000u);
}

TEST_F(MeterTest, AfterTheLastReadingRecordsDoNotWait) {
  const std::size_t place = meter.begin();
  clock.time += 1ms;
  meter.read(1'000, 1);  // its end, during the call
  meter.close();
  meter.finish(place, call("a"));
  EXPECT_EQ(cpu_of("a"), 1'000u);

  Meter lost{version, clock, [this](UsageRecord record) { out.push_back(std::move(record)); }};
  run(lost, "b", 1ms);
  lost.close();
  EXPECT_EQ(cpu_of("b"), 0u);
}

TEST_F(MeterTest, TooManyWaitingCostTheOldestItsShareButNoTotal) {
  for (std::size_t i = 0; i < Meter::kWaitingMax + 10; ++i) run(meter, std::to_string(i), 1ms);
  EXPECT_EQ(meter.waiting(), Meter::kWaitingMax);
  EXPECT_EQ(out.size(), 10u);
  meter.read(123'456'789, 1);
  EXPECT_EQ(out.size(), Meter::kWaitingMax + 10);
  EXPECT_EQ(total(), 123'456'789u);
}

// Whatever happens on an instance in whatever order, each call has one record and the records sum up to its last reading.
TEST_F(MeterTest, NothingIsLostOrChargedTwice) {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const auto random = Random::seeded(seed);
    const auto pick = [&](std::uint64_t below) { return random->next() % below; };
    out.clear();
    Meter one{version, clock, [this](UsageRecord record) { out.push_back(std::move(record)); }};
    std::uint64_t used = 0, calls = 0;
    std::vector<std::size_t> running;
    const auto leaves = [&] {
      const auto which = running.begin() + static_cast<std::ptrdiff_t>(pick(running.size()));
      const std::size_t place = *which;
      running.erase(which);
      return place;
    };
    for (int step = 0; step < 60; ++step) {
      clock.time += std::chrono::nanoseconds(pick(2) ? pick(1'000) : pick(3'000'000'000));
      if (pick(3) > 0) used += pick(2) ? pick(100) : pick(10'000'000'000);
      switch (pick(4)) {
        case 0:
          if (!running.empty()) one.give_up(leaves());
          break;
        case 1:
          one.read(used, pick(100));
          break;
        default:
          if (running.size() < 1 + seed % 3 && pick(2)) {
            running.push_back(one.begin());
          } else if (!running.empty()) {
            one.finish(leaves(), call(std::to_string(calls++)));
          }
      }
    }
    one.read(used, 0);
    one.close();
    while (!running.empty()) one.finish(leaves(), call(std::to_string(calls++)));
    ASSERT_EQ(total(), used);
    ASSERT_EQ(std::ranges::count(out, Kind::call, &UsageRecord::kind), static_cast<std::ptrdiff_t>(calls));
    std::set<std::string> ids;
    for (const UsageRecord& record : out) {
      if (record.kind == Kind::call) ids.insert(record.id.str());
    }
    ASSERT_EQ(ids.size(), calls);
  }
}

}  // namespace
}  // namespace wick::invoke
