#include "event/destination.h"

#include <gtest/gtest.h>

namespace wick::event {
namespace {

struct Case {
  Record record;
  function::Target target;

  Case() {
    record.id = invoke::RequestId("req-1");
    auto version = std::make_shared<function::Version>();
    version->version = "7";
    target = {.version = version, .qualifier = "live", .invoked_arn = "arn:aws:lambda:us-east-1:000000000000:function:f:live"};
  }
};

const WallTime kNow{std::chrono::milliseconds(1'767'323'045'678)};

TEST(Destination, NamesAFunctionByItsArn) {
  const auto plain = parse_function_arn("arn:aws:lambda:us-east-1:000000000000:function:f");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->function.str(), "f");
  EXPECT_EQ(plain->qualifier, "");
  EXPECT_EQ(parse_function_arn("arn:aws:lambda:us-east-1:000000000000:function:f:live")->qualifier, "live");
  for (const auto* other : {"", "f", "arn:aws:sqs:us-east-1:000000000000:q", "arn:aws:lambda:us-east-1:000000000000:layer:f",
                            "arn:aws:lambda:us-east-1:000000000000:function", "arn:aws:lambda:us-east-1:000000000000:function:f:live:x"}) {
    EXPECT_FALSE(parse_function_arn(other)) << other;
  }
}

TEST(Destination, RecordOfASuccess) {
  Case c;
  invoke::Outcome outcome;
  outcome.payload = R"({"n":12345678901234567890.50})";  // passed on digit by digit
  EXPECT_EQ(destination_record(c.record, R"({"a":1})", "Success", c.target, &outcome, kNow),
            R"({"version":"1.0","timestamp":"2026-01-02T03:04:05.678Z","requestContext":{"requestId":"req-1",)"
            R"("functionArn":"arn:aws:lambda:us-east-1:000000000000:function:f:live","condition":"Success","approximateInvokeCount":1},)"
            R"("requestPayload":{"a":1},"responseContext":{"statusCode":200,"executedVersion":"7"},)"
            R"("responsePayload":{"n":12345678901234567890.50}})");
}

TEST(Destination, RecordOfAFailure) {
  Case c;
  c.record.function_errors = 3;
  c.target.qualifier = "";
  c.target.invoked_arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
  invoke::Outcome outcome;
  outcome.function_error = "Unhandled";
  outcome.payload = "not \"JSON\"";
  EXPECT_EQ(destination_record(c.record, "", "RetriesExhausted", c.target, &outcome, kNow),
            R"({"version":"1.0","timestamp":"2026-01-02T03:04:05.678Z","requestContext":{"requestId":"req-1",)"
            R"("functionArn":"arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST","condition":"RetriesExhausted",)"
            R"("approximateInvokeCount":3},"requestPayload":null,)"
            R"("responseContext":{"statusCode":200,"executedVersion":"7","functionError":"Unhandled"},)"
            R"("responsePayload":"not \"JSON\""})");
}

TEST(Destination, RecordOfAnEventThatNeverRanHasNoResponse) {
  Case c;
  const auto json = destination_record(c.record, "1", "EventAgeExceeded", c.target, nullptr, kNow);
  EXPECT_NE(json.find(R"("approximateInvokeCount":0},"requestPayload":1})"), std::string::npos) << json;
}

TEST(Destination, RecordIsNoLargerThanAnEvent) {
  Case c;
  invoke::Outcome outcome;
  outcome.payload = "\"" + std::string(2 * invoke::kEventPayloadMax, 'x') + "\"";
  const auto json = destination_record(c.record, "1", "Success", c.target, &outcome, kNow);
  EXPECT_LT(json.size(), invoke::kEventPayloadMax);
  EXPECT_NE(json.find(R"("executedVersion":"7"}})"), std::string::npos) << json;
}

}  // namespace
}  // namespace wick::event
