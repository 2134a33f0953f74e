#include "service/usage/call_record.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "service/usage/usage_fixture.h"

namespace wick::service::usage {
namespace {

invoke::UsageRecord sample() {
  auto call = make_call(make_version("f", "7", 1769, 2048), SetClock().time, "5f3c", 123);
  call.instance = sandbox::InstanceId(std::string(32, 'a'));
  call.end = invoke::UsageRecord::End::timeout;
  call.error_type = "Sandbox.Timedout";
  call.on_provisioned = true;
  call.timing = {.level = invoke::StartLevel::bare_template,
                 .queue_us = 1,
                 .start_us = 200,
                 .init_us = 30'000,
                 .run_us = 4'000'000,
                 .reply_us = 5,
                 .held_us = 127,
                 .billed_ms = 128,
                 .memory_peak_mb = 99};
  call.bytes_in = 6'291'556;
  call.cpu_nanos = UINT64_MAX;
  return call;
}

TEST(CallRecord, KeepsEveryMember) {
  std::string text;
  append_record(text, sample());
  append_record(text, make_call(make_version("g"), WallTime(), ""));
  const auto calls = parse_calls(text).value();
  ASSERT_EQ(calls.size(), 2u);
  const CallRecord& call = calls[0];
  EXPECT_EQ(call.id, "5f3c");
  EXPECT_EQ(call.function, "f");
  EXPECT_EQ(call.version, "7");
  EXPECT_EQ(call.instance, std::string(32, 'a'));
  EXPECT_EQ(call.time, SetClock().time);
  EXPECT_EQ(call.end, invoke::UsageRecord::End::timeout);
  EXPECT_EQ(call.error_type, "Sandbox.Timedout");
  EXPECT_TRUE(call.on_provisioned);
  EXPECT_EQ(call.timing.level, invoke::StartLevel::bare_template);
  EXPECT_EQ(call.timing.queue_us, 1);
  EXPECT_EQ(call.timing.start_us, 200);
  EXPECT_EQ(call.timing.init_us, 30'000);
  EXPECT_EQ(call.timing.run_us, 4'000'000);
  EXPECT_EQ(call.timing.reply_us, 5);
  EXPECT_EQ(call.timing.held_us, 127);
  EXPECT_EQ(call.timing.billed_ms, 128);
  EXPECT_EQ(call.timing.memory_peak_mb, 99u);
  EXPECT_EQ(call.memory_mb, 1769u);
  EXPECT_EQ(call.tmp_mb, 2048u);
  EXPECT_EQ(call.bytes_in, 6'291'556u);
  EXPECT_EQ(call.bytes_out, 0u);
  EXPECT_EQ(call.cpu_nanos, UINT64_MAX);
}

TEST(CallRecord, WhatIsCutOrChangedIsAnErrorOrOtherRecordsButNoCrash) {
  std::string text;
  append_record(text, sample());
  for (std::size_t size = 1; size < text.size(); ++size) EXPECT_FALSE(parse_calls(std::string_view(text).substr(0, size))) << size;
  const auto random = Random::seeded(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string changed = text;
    changed[random->next() % changed.size()] = static_cast<char>(random->next());
    (void)parse_calls(changed).has_value();
  }
}

}  // namespace
}  // namespace wick::service::usage
