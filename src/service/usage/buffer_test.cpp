#include "service/usage/buffer.h"

#include <gtest/gtest.h>

#include "service/usage/usage_fixture.h"

namespace wick::service::usage {
namespace {

using invoke::UsageRecord;

const WallTime kTime = SetClock().time;
const Hour kHour = 490'000;

std::uint64_t calls_in(const Batch& batch) {
  std::uint64_t calls = 0;
  for (const auto& [key, sum] : batch.sums) calls += sum.totals.calls;
  return calls;
}

TEST(Buffer, SumsByHourAndVersion) {
  Buffer buffer({});
  const auto f = make_version("f"), g = make_version("g");
  buffer.add(make_call(f, kTime, "1"));
  buffer.add(make_call(f, kTime + std::chrono::hours(1) - WallTime::duration(1), "2"));
  buffer.add(make_call(f, kTime + std::chrono::hours(1), "3"));
  buffer.add(make_call(g, kTime, "4"));
  const Batch batch = buffer.take();
  EXPECT_TRUE(buffer.empty());
  ASSERT_EQ(batch.sums.size(), 3u);
  EXPECT_EQ(batch.sums.at({kHour, f.get()}).totals.calls, 2u);
  EXPECT_EQ(batch.sums.at({kHour + 1, f.get()}).totals.calls, 1u);
  EXPECT_EQ(batch.calls.size(), 4u);
  EXPECT_TRUE(batch.losses.empty());
}

TEST(Buffer, AFullOneDropsSingleCallsAndKeepsTheSums) {
  Buffer buffer({.calls = 3, .sums = 10});
  const auto f = make_version("f");
  for (int i = 0; i < 10; ++i) buffer.add(make_call(f, kTime, std::to_string(i)));
  const Batch batch = buffer.take();
  EXPECT_EQ(batch.calls.size(), 3u);
  EXPECT_EQ(calls_in(batch), 10u);
  EXPECT_EQ(batch.losses.at(kHour), (Losses{.details = 7}));
}

TEST(Buffer, TooManyVersionsAreCountedAsLost) {
  Buffer buffer({.calls = 10, .sums = 2});
  const auto a = make_version("a"), b = make_version("b"), c = make_version("c");
  for (const auto& version : {a, b, c, c, a}) buffer.add(make_call(version, kTime, "x"));
  const Batch batch = buffer.take();
  EXPECT_EQ(batch.sums.size(), 2u);
  EXPECT_EQ(calls_in(batch), 3u);
  EXPECT_EQ(batch.losses.at(kHour), (Losses{.records = 2}));
}

TEST(Buffer, WhatComesBackStandsBeforeWhatCameMeanwhile) {
  Buffer buffer({.calls = 3, .sums = 2});
  const auto f = make_version("f");
  buffer.add(make_call(f, kTime, "1"));
  buffer.add(make_call(f, kTime, "2"));
  Batch taken = buffer.take();
  buffer.add(make_call(f, kTime, "3"));
  buffer.add(make_call(f, kTime, "4"));
  buffer.give_back(std::move(taken));
  const Batch batch = buffer.take();
  ASSERT_EQ(batch.calls.size(), 3u);
  EXPECT_EQ(batch.calls[0].id.str() + batch.calls[1].id.str() + batch.calls[2].id.str(), "123");
  EXPECT_EQ(calls_in(batch), 4u);
  EXPECT_EQ(batch.losses.at(kHour), (Losses{.details = 1}));
}

TEST(Buffer, RefusalsAreCountedOnly) {
  Buffer buffer({});
  auto refused = make_call(make_version("f"), kTime, "1");
  refused.end = UsageRecord::End::throttled;
  buffer.add(refused);
  const Batch batch = buffer.take();
  EXPECT_TRUE(batch.calls.empty());
  EXPECT_EQ(batch.sums.begin()->second.totals.throttles, 1u);
}

}  // namespace
}  // namespace wick::service::usage
