#include "event/record.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace wick::event {
namespace {

WallTime at(std::int64_t micros) { return WallTime(std::chrono::microseconds(micros)); }

Record sample() {
  Record record;
  record.id = invoke::RequestId("6f9c1a52-8a0b-4a57-9f3c-0d6f3f2d7a11");
  record.function = function::FunctionName("resize");
  record.qualifier = "live";
  record.client_context = R"({"a":1})";
  record.trace_id = std::string("Root=1-\xff\0-x", 11);  // whatever a header may hold
  record.accepted = at(1'767'323'045'678'901);
  record.function_errors = 2;
  record.refusals = 70'000;
  record.hops = 3;
  record.payload_bytes = 1'000'000;
  return record;
}

TEST(Record, SurvivesEncoding) {
  const auto record = sample();
  const auto back = decode_record(encode(record));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->id, record.id);
  EXPECT_EQ(back->function, record.function);
  EXPECT_EQ(back->qualifier, record.qualifier);
  EXPECT_EQ(back->client_context, record.client_context);
  EXPECT_EQ(back->trace_id, record.trace_id);
  EXPECT_EQ(back->accepted, record.accepted);
  EXPECT_EQ(back->function_errors, 2u);
  EXPECT_EQ(back->refusals, 70'000u);
  EXPECT_EQ(back->hops, 3u);
  EXPECT_EQ(back->payload_bytes, 1'000'000u);
}

// The bytes on disk: a change of them needs a new format version.
TEST(Record, HasThisFormat) {
  Record record;
  record.id = invoke::RequestId("i");
  record.function = function::FunctionName("f");
  record.accepted = at(1);
  record.payload_bytes = 2;
  EXPECT_EQ(to_hex(encode(record)),
            "0000000000000002"  // version
            "690001"
            "660001"
            "0001"
            "0001"
            "0001"
            "0000000000000001"
            "0000000000000000"
            "0000000000000000"
            "0000000000000000"
            "0000000000000002");
}

TEST(Record, ReadsTheFormatBefore) {
  auto bytes = encode(sample());
  bytes[7] = 1;
  bytes.resize(bytes.size() - 8);
  const auto back = decode_record(bytes);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->hops, 3u);
  EXPECT_EQ(back->payload_bytes, 0u);
}

TEST(Record, TornBytesAreAnError) {
  const auto bytes = encode(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(decode_record(std::string_view(bytes).substr(0, size))) << size;
  auto other = bytes;
  other[7] = 3;
  EXPECT_FALSE(decode_record(other));
}

TEST(Record, UndeliveredSurvivesEncoding) {
  const auto back = decode_undelivered(encode(Undelivered{"arn:aws:sqs:us-east-1:000000000000:q", R"({"version":"1.0"})"}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->destination_arn, "arn:aws:sqs:us-east-1:000000000000:q");
  EXPECT_EQ(back->record, R"({"version":"1.0"})");
}

TEST(Record, DueKeysSortByTimeWithinTheirRange) {
  const invoke::RequestId a("a"), b("b");
  EXPECT_LT(due_key(at(255), b), due_key(at(256), a));
  EXPECT_LT(due_key(at(256), a), due_key(at(256), b));
  EXPECT_EQ(due_of(due_key(at(1'767'323'045'678'901), a)), at(1'767'323'045'678'901));
  const auto range = due_range();
  EXPECT_GE(due_key(at(0), a), range.begin);
  EXPECT_LT(due_key(at(1'767'323'045'678'901), b), range.end);
}

}  // namespace
}  // namespace wick::event
