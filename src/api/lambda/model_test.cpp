// Requests and what AWS answers to them, from model_cases.json: the constraints of the table and the wording of what breaks them.
#include "api/lambda/model.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace wick::api::lambda {
namespace {

namespace json = boost::json;

constexpr char cases[] = {
#embed "model_cases.json"
};

std::string text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

http::Request request(std::string method, std::string target, std::string body = {}) {
  http::Request out;
  const std::size_t question = target.find('?');
  out.method = std::move(method);
  out.path = target.substr(0, question);
  if (question != std::string::npos) out.query = target.substr(question + 1);
  out.target = std::move(target);
  out.body = std::move(body);
  return out;
}

TEST(LambdaModel, AnswersEachCaseAsAwsDoes) {
  const json::value root = json::parse(std::string_view(cases, sizeof cases));
  for (const json::value& value : root.get_array()) {
    const json::object& one = value.get_object();
    SCOPED_TRACE(text(one, "why"));
    const std::string body = one.contains("body") ? json::serialize(one.at("body")) : text(one, "raw");
    http::Request asked = request(text(one, "method"), text(one, "target"), body);
    if (const json::value* headers = one.if_contains("headers")) {
      for (const auto& header : headers->get_object()) asked.fields.add(header.key(), std::string(header.value().get_string()));
    }
    const auto match = lambda_model().match(asked);
    ASSERT_TRUE(match);
    const auto input = lambda_model().decode(*match, asked);
    if (one.contains("code")) {
      ASSERT_FALSE(input);
      EXPECT_EQ(input.error().code, text(one, "code"));
      EXPECT_EQ(input.error().message, text(one, "message"));
      EXPECT_EQ(input.error().status, 400u);
    } else {
      EXPECT_TRUE(input) << input.error().message;
    }
  }
}

std::string routed(std::string method, std::string target) {
  const auto match = lambda_model().match(request(std::move(method), std::move(target)));
  return match ? std::string(http::aws::ServiceModel::name(*match->operation)) : std::string();
}

TEST(LambdaModel, RoutesByMethodPathAndFixedQuery) {
  EXPECT_EQ(routed("GET", "/2015-03-31/functions"), "ListFunctions");
  EXPECT_EQ(routed("GET", "/2015-03-31/functions/"), "ListFunctions");
  EXPECT_EQ(routed("POST", "/2015-03-31/functions/"), "CreateFunction");
  EXPECT_EQ(routed("GET", "/2016-08-19/account-settings/"), "GetAccountSettings");
  EXPECT_EQ(routed("POST", "/2014-11-13/functions/f/invoke-async/"), "InvokeAsync");
  EXPECT_EQ(routed("GET", "/2018-10-31/layers?find=LayerVersion&Arn=x"), "GetLayerVersionByArn");
  EXPECT_EQ(routed("GET", "/2018-10-31/layers?Marker=x"), "ListLayers");
  EXPECT_EQ(routed("GET", "/2019-09-30/functions/f/provisioned-concurrency?List=ALL"), "ListProvisionedConcurrencyConfigs");
  EXPECT_EQ(routed("GET", "/2019-09-30/functions/f/provisioned-concurrency?Qualifier=a"), "GetProvisionedConcurrencyConfig");
  EXPECT_EQ(routed("GET", "/2019-09-25/functions/f/event-invoke-config/list"), "ListFunctionEventInvokeConfigs");
  EXPECT_EQ(routed("POST", "/2021-11-15/functions/f/response-streaming-invocations"), "InvokeWithResponseStream");
  EXPECT_EQ(routed("PATCH", "/2015-03-31/functions"), "");
  EXPECT_EQ(routed("GET", "/2015-03-31/nothing"), "");
  EXPECT_EQ(routed("POST", "/2015-03-31/functions//invocations"), "");
  EXPECT_EQ(routed("GET", ""), "");
}

TEST(LambdaModel, InvokeKeepsThePayloadAsItCame) {
  http::Request asked = request("POST", "/2015-03-31/functions/f/invocations?Qualifier=live", std::string("\0\xFF{", 3));
  asked.fields.add("X-Amz-Log-Type", "Tail");
  const auto input = lambda_model().decode(*lambda_model().match(asked), asked);
  ASSERT_TRUE(input);
  EXPECT_EQ(text(*input, "Payload"), std::string("\0\xFF{", 3));
  EXPECT_EQ(text(*input, "Qualifier"), "live");
  EXPECT_EQ(text(*input, "LogType"), "Tail");
  EXPECT_EQ(text(*input, "FunctionName"), "f");
}

TEST(LambdaModel, RefusesATooLargeBody) {
  const http::Request asked = request("POST", "/2015-03-31/functions/f/invocations", std::string(6291457, ' '));
  const auto input = lambda_model().decode(*lambda_model().match(asked), asked);
  ASSERT_FALSE(input);
  EXPECT_EQ(input.error().status, 413u);
  EXPECT_EQ(input.error().code, "RequestEntityTooLargeException");
  EXPECT_EQ(input.error().message, "Request must be smaller than 6291456 bytes for the InvokeFunction operation");
}

TEST(LambdaModel, WritesAnInvocationsAnswer) {
  const auto match = lambda_model().match(request("POST", "/2015-03-31/functions/f/invocations"));
  const http::Response answer = lambda_model().encode(
      *match->operation, {{"StatusCode", 202}, {"FunctionError", "Unhandled"}, {"ExecutedVersion", nullptr}, {"Payload", "[1]"}});
  EXPECT_EQ(answer.status, 202u);
  EXPECT_EQ(answer.body, "[1]");
  EXPECT_EQ(answer.fields.get("X-Amz-Function-Error"), "Unhandled");
  EXPECT_FALSE(answer.fields.find("X-Amz-Executed-Version"));
}

std::string error_body(unsigned status, std::string code, std::string message, json::object extra = {}) {
  return lambda_model().encode_error({status, std::move(code), std::move(message), std::move(extra)}, "id").body;
}

TEST(LambdaModel, WritesErrorsAsRecorded) {
  EXPECT_EQ(json::parse(error_body(404, "ResourceNotFoundException", "m")), (json::value{{"Type", "User"}, {"Message", "m"}}));
  EXPECT_EQ(json::parse(error_body(404, "ResourceNotFoundException", "m", {{"Type", nullptr}})), (json::value{{"Message", "m"}}));
  EXPECT_EQ(json::parse(error_body(400, "InvalidParameterValueException", "m")), (json::value{{"Type", "User"}, {"message", "m"}}));
  EXPECT_EQ(json::parse(error_body(429, "TooManyRequestsException", "Rate Exceeded.", {{"Reason", "R"}})),
            (json::value{{"Reason", "R"}, {"Type", "User"}, {"message", "Rate Exceeded."}}));
  EXPECT_EQ(json::parse(error_body(400, "ValidationException", "m")), json::parse(R"({"message":"m"})"));
  EXPECT_EQ(json::parse(error_body(403, "AccessDeniedException", "")), json::parse(R"({"Message":null})"));
  EXPECT_EQ(json::parse(error_body(500, "ServiceException", "m")), (json::value{{"Type", "Service"}, {"Message", "m"}}));
}

}  // namespace
}  // namespace wick::api::lambda
