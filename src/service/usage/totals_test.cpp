#include "service/usage/totals.h"

#include <gtest/gtest.h>

#include <cstring>

#include "service/usage/usage_fixture.h"

namespace wick::service::usage {
namespace {

using invoke::UsageRecord;

TEST(Totals, OneCall) {
  auto call = make_call(make_version("f", "1", 256, 1024), WallTime(), "a", 20);
  call.timing.level = invoke::StartLevel::version_template;
  call.timing.init_us = 7;
  call.timing.run_us = 19'000;
  call.bytes_in = 3;
  call.bytes_out = 4;
  call.cpu_nanos = 5;
  call.memory_peak_mb = 60;
  Totals totals;
  totals.add(call);
  EXPECT_EQ(totals, (Totals{.calls = 1,
                            .starts_version_template = 1,
                            .init_us = 7,
                            .run_us = 19'000,
                            .billed_ms = 20,
                            .mb_ms = 5'120,
                            .storage_mb_ms = 10'240,
                            .cpu_nanos = 5,
                            .bytes_in = 3,
                            .bytes_out = 4,
                            .memory_peak_mb = 60}));
}

TEST(Totals, WhatIsNoCallOfItsOwn) {
  auto refused = make_call(make_version("f"), WallTime(), "a", 0);
  refused.end = UsageRecord::End::throttled;
  auto unlucky = refused;
  unlucky.end = UsageRecord::End::not_started;
  UsageRecord background = make_call(make_version("f"), WallTime(), "", 0);
  background.kind = UsageRecord::Kind::background;
  background.cpu_nanos = 9;
  UsageRecord provisioned = make_call(make_version("f"), WallTime(), "", 0);
  provisioned.kind = UsageRecord::Kind::provisioned;
  provisioned.provisioned_ms = 10;
  Totals totals;
  for (const auto& record : {refused, unlucky, background, provisioned}) totals.add(record);
  EXPECT_EQ(totals, (Totals{.throttles = 1, .provisioned_mb_ms = 1'280, .cpu_nanos = 9}));
}

TEST(Totals, OnProvisionedConcurrencyAndErrors) {
  auto call = make_call(make_version("f"), WallTime(), "a", 2);
  call.on_provisioned = true;
  Totals totals;
  for (const auto end : {UsageRecord::End::error, UsageRecord::End::timeout, UsageRecord::End::cut_off, UsageRecord::End::success}) {
    call.end = end;
    totals.add(call);
  }
  EXPECT_EQ(totals, (Totals{.calls = 4, .errors = 3, .billed_ms = 8, .on_provisioned_mb_ms = 1'024}));
}

TEST(Totals, RecordsKeepEveryMember) {
  Totals totals;
  std::uint64_t words[sizeof totals / sizeof(std::uint64_t)];
  for (std::size_t i = 0; i < std::size(words); ++i) words[i] = UINT64_MAX - i;
  std::memcpy(&totals, words, sizeof totals);
  EXPECT_EQ(parse_totals(to_record(totals)).value(), totals);
  EXPECT_FALSE(parse_totals(to_record(totals).substr(1)));
  EXPECT_FALSE(parse_totals(""));
}

TEST(Totals, TheHighestPeakIsNoSum) {
  Totals a{.calls = 1, .memory_peak_mb = 5};
  a += Totals{.calls = 2, .memory_peak_mb = 4};
  EXPECT_EQ(a, (Totals{.calls = 3, .memory_peak_mb = 5}));
}

}  // namespace
}  // namespace wick::service::usage
