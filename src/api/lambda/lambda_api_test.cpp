#include "api/lambda/lambda_api.h"

#include "api/lambda/api_fixture.h"

namespace wick::api::lambda {
namespace {

namespace json = boost::json;

const std::string arn = "arn:aws:lambda:us-east-1:000000000000:function:f";

class LambdaApiTest : public ApiTest {
 protected:
  static std::string message(const Answer& answer) {
    const auto* found = answer.body.if_contains("message");
    if (found == nullptr) found = answer.body.if_contains("Message");
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : answer.text;
  }
  void expect_error(const Answer& answer, unsigned status, std::string_view code, std::string_view what) {
    EXPECT_EQ(answer.status, status) << answer.text;
    EXPECT_EQ(answer.fields.get("x-amzn-ErrorType"), code);
    EXPECT_EQ(message(answer), what);
  }
};

TEST_F(LambdaApiTest, CreateAnswersPendingAndSettlesActive) {
  const auto created = create("f");
  ASSERT_EQ(created.status, 201U) << created.text;
  json::object body = created.body;
  EXPECT_EQ(body["CodeSha256"].as_string().size(), 44U);
  EXPECT_EQ(body["RevisionId"].as_string().size(), 36U);
  for (const auto* varying : {"CodeSha256", "CodeSize", "LastModified", "RevisionId", "RuntimeVersionConfig"}) {
    EXPECT_TRUE(body.contains(varying)) << varying;
    body.erase(varying);
  }
  const json::object expected{{"FunctionName", "f"},
                              {"FunctionArn", arn},
                              {"Runtime", "python3.11"},
                              {"Role", "arn:aws:iam::000000000000:role/r"},
                              {"Handler", "index.handler"},
                              {"Description", ""},
                              {"Timeout", 3},
                              {"MemorySize", 128},
                              {"Version", "$LATEST"},
                              {"TracingConfig", {{"Mode", "PassThrough"}}},
                              {"State", "Pending"},
                              {"StateReason", "The function is being created."},
                              {"StateReasonCode", "Creating"},
                              {"PackageType", "Zip"},
                              {"Architectures", json::array{json::value("x86_64")}},
                              {"EphemeralStorage", {{"Size", 512}}},
                              {"SnapStart", {{"ApplyOn", "None"}, {"OptimizationStatus", "Off"}}},
                              {"LoggingConfig", {{"LogFormat", "Text"}, {"LogGroup", "/aws/lambda/f"}}}};
  EXPECT_EQ(body, expected);
  const auto active = settled("f");
  EXPECT_EQ(active.at("State"), "Active");
  EXPECT_EQ(active.at("LastUpdateStatus"), "Successful");
  EXPECT_FALSE(active.contains("StateReason"));
  EXPECT_NE(active.at("RevisionId"), created.body.at("RevisionId"));
}

TEST_F(LambdaApiTest, WhatWasPendingSettlesAfterARestart) {
  create("f");
  close();
  open();
  EXPECT_EQ(settled("f").at("State"), "Active");
}

TEST_F(LambdaApiTest, GetFunctionLinksToTheCode) {
  create("f");
  const auto got = call("GET", at("f"));
  const std::string location(got.body.at("Code").at("Location").as_string());
  EXPECT_TRUE(location.starts_with("http://127.0.0.1:4566/_wick/v1/packages/")) << location;
  EXPECT_EQ(got.body.at("Code").at("RepositoryType"), "S3");
  EXPECT_FALSE(got.body.contains("Tags"));
}

TEST_F(LambdaApiTest, UpdatesAreInProgressAndThenSuccessful) {
  create("f");
  settled("f");
  const auto changed = call("PUT", at("f", "/configuration"),
                            {{"Description", "d"}, {"Environment", {{"Variables", {{"AB", "b"}}}}}, {"LoggingConfig", {{"LogFormat", "JSON"}}}});
  EXPECT_EQ(changed.status, 200U) << changed.text;
  EXPECT_EQ(changed.body.at("LastUpdateStatus"), "InProgress");
  EXPECT_EQ(changed.body.at("LastUpdateStatusReason"), "The function is being created.");
  EXPECT_EQ(changed.body.at("LoggingConfig").at("SystemLogLevel"), "INFO");
  const auto now = settled("f");
  EXPECT_EQ(now.at("Environment").at("Variables").at("AB"), "b");
  expect_error(
      call("PUT", at("f", "/configuration"), {{"RevisionId", "00000000-0000-0000-0000-000000000000"}}), 412, "PreconditionFailedException",
      "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id");
  const auto code = call("PUT", at("f", "/code"), {{"ZipFile", zip_base64("other")}, {"Publish", true}});
  EXPECT_EQ(code.body.at("FunctionArn"), json::value(arn + ":1"));
  EXPECT_EQ(code.body.at("State"), "Pending");
  EXPECT_FALSE(code.body.contains("LastUpdateStatus"));
  EXPECT_EQ(settled("f:1").at("State"), "Active");
  EXPECT_NE(settled("f").at("CodeSha256"), now.at("CodeSha256"));
}

TEST_F(LambdaApiTest, NamesComeInManyForms) {
  create("f");
  for (const auto* name : {"f", "function:f", "000000000000:function:f", "us-east-1:000000000000:function:f",
                           "arn:aws:lambda:us-east-1:000000000000:function:f", "arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af"}) {
    EXPECT_EQ(call("GET", at(name)).status, 200U) << name;
  }
  EXPECT_EQ(call("GET", at("f:$LATEST")).body.at("Configuration").at("FunctionArn"), json::value(arn + ":$LATEST"));
  expect_error(call("GET", at("f:$LATEST?Qualifier=1")), 400, "InvalidParameterValueException",
               "The derived qualifier from the function name does not match the specified qualifier.");
  expect_error(call("GET", at("arn:aws:lambda:eu-west-1:000000000000:function:f")), 404, "ResourceNotFoundException",
               "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')");
  EXPECT_EQ(call("GET", at("arn:aws:lambda:us-east-1:111111111111:function:f")).status, 403U);
  expect_error(call("GET", at("no")), 404, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:000000000000:function:no");
  expect_error(call("GET", at("arn:aws:lambda:us-east-1:000000000000:function")), 404, "ResourceNotFoundException",
               "Function not found: arn:aws:lambda:us-east-1:000000000000:function:function");
}

TEST_F(LambdaApiTest, BadCreatesAreRefusedAsAwsRefusesThem) {
  const auto with = [&](std::string_view key, json::value value) {
    auto input = function_input("f");
    input[key] = std::move(value);
    return call("POST", "/2015-03-31/functions", input);
  };
  expect_error(with("FunctionName", json::value(std::string(65, 'a'))), 400, "InvalidParameterValueException",
               "1 validation error detected: Value '" + std::string(65, 'a') +
                   "' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64");
  expect_error(with("Runtime", "nodejs12.x"), 400, "InvalidParameterValueException",
               "The runtime parameter of nodejs12.x is no longer supported for creating or updating AWS Lambda functions. We recommend you use a "
               "supported runtime while creating or updating functions.");
  EXPECT_TRUE(
      message(with("Runtime", "PYTHON3.9"))
          .starts_with("Value PYTHON3.9 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [nodejs20.x, python3.14, "));
  EXPECT_TRUE(message(with("Runtime", "java21")).starts_with("The runtime java21 is not installed on this machine. "));
  EXPECT_TRUE(message(with("Runtime", "nodejs26.x"))
                  .starts_with("The runtime nodejs26.x is not installed on this machine. Install it with `wick runtime install nodejs26.x`"));
  expect_error(with("Code", {{"ZipFile", json::value(to_base64("not a zip"))}}), 400, "InvalidParameterValueException",
               "Could not unzip uploaded file. Please check your file, then try to upload again.");
  expect_error(
      with("Environment", {{"Variables", {{"SMALL_VAR", "ok"}, {"LARGE_VAR", std::string(5000, 'x')}}}}), 400, "InvalidParameterValueException",
      "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. "
      "String measured: {\"SMALL_VAR\":\"ok\",\"LARGE_VAR\":\"" +
          std::string(5000, 'x') + "\"}");
  EXPECT_EQ(with("Code", {{"S3Bucket", "bucket"}, {"S3Key", "key"}}).status, 400U);
  EXPECT_EQ(with("Code", {{"ImageUri", "image"}}).status, 400U);
  EXPECT_EQ(with("Role", "r1").fields.get("x-amzn-ErrorType"), "ValidationException");
  expect_error(with("Layers", json::array{json::value("arn:aws:lambda:us-east-1:000000000000:layer:no:1")}), 400, "InvalidParameterValueException",
               "Layer version arn:aws:lambda:us-east-1:000000000000:layer:no:1 does not exist.");
  EXPECT_EQ(call("GET", at("f")).status, 404U);
}

TEST_F(LambdaApiTest, InvokeRunsTheFunctionEvenWhileItIsPending) {
  create("f");
  const auto answer = call("POST", at("f", "/invocations"), R"({"a":1})", {{"X-Amz-Log-Type", "Tail"}});
  EXPECT_EQ(answer.status, 200U) << answer.text;
  EXPECT_EQ(answer.text, R"({"a":1})");
  EXPECT_EQ(answer.fields.get("X-Amz-Executed-Version"), "$LATEST");
  EXPECT_FALSE(answer.fields.get("X-Amz-Log-Result").empty());
  EXPECT_EQ(answer.fields.find("X-Amz-Function-Error"), nullptr);
  EXPECT_EQ(call("POST", at("f", "/invocations")).text, "{}");
  const auto dry = call("POST", at("f", "/invocations"), "{}", {{"X-Amz-Invocation-Type", "DryRun"}});
  EXPECT_EQ(dry.status, 204U);
  EXPECT_EQ(call("POST", at("f", "/invocations"), "{}", {{"X-Amz-Invocation-Type", "Event"}}).status, 202U);
}

TEST_F(LambdaApiTest, BadInvocationsAreRefused) {
  create("f");
  expect_error(call("POST", at("f", "/invocations"), "n\x87r"), 400, "InvalidRequestContentException",
               "Could not parse request body into json: Could not parse payload into json: Invalid UTF-8 start byte 0x87\n at [Source: REDACTED "
               "(`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 3]");
  expect_error(call("POST", at("no", "/invocations"), "{}"), 404, "ResourceNotFoundException",
               "Function not found: arn:aws:lambda:us-east-1:000000000000:function:no:$LATEST");
  expect_error(call("POST", at("f", "/invocations"), "{}", {{"X-Amz-Client-Context", "%"}}), 400, "InvalidRequestContentException",
               "Client context must be a valid Base64-encoded JSON object.");
  EXPECT_EQ(call("POST", at("f", "/invocations"), std::string(6'291'457, ' ')).status, 413U);
}

TEST_F(LambdaApiTest, ZeroReservedConcurrencyThrottles) {
  create("f");
  EXPECT_EQ(call("PUT", "/2017-10-31/functions/f/concurrency", {{"ReservedConcurrentExecutions", 0}}).body,
            (json::object{{"ReservedConcurrentExecutions", 0}}));
  const auto refused = call("POST", at("f", "/invocations"), "{}");
  expect_error(refused, 429, "TooManyRequestsException", "Rate Exceeded.");
  EXPECT_EQ(refused.body.at("Reason"), "ReservedFunctionConcurrentInvocationLimitExceeded");
  EXPECT_EQ(refused.body.at("Type"), "User");
  close();
  open();
  EXPECT_EQ(call("POST", at("f", "/invocations"), "{}").status, 429U);
  EXPECT_EQ(call("DELETE", "/2017-10-31/functions/f/concurrency").status, 204U);
  EXPECT_EQ(call("POST", at("f", "/invocations"), "{}").status, 200U);
}

TEST_F(LambdaApiTest, AStreamedReplyEndsWithInvokeComplete) {
  backend.script = [](invoke::FakeRuntime& runtime) {
    runtime.send(invoke::FrameType::ready);
    while (runtime.next()) {
      runtime.send(invoke::FrameType::stream_begin, "text/plain");
      for (int i = 0; i < 30; ++i) runtime.send(invoke::FrameType::stream_chunk, "piece " + std::to_string(i));
      runtime.send(invoke::FrameType::stream_end);
    }
    return 0;
  };
  create("f");
  const auto answer = call("POST", "/2021-11-15/functions/f/response-streaming-invocations", "{}");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.fields.get("Content-Type"), "application/vnd.amazon.eventstream");
  EXPECT_NE(answer.text.find("piece 29"), std::string::npos);
  EXPECT_NE(answer.text.find("InvokeComplete"), std::string::npos);
  call("PUT", "/2017-10-31/functions/f/concurrency", {{"ReservedConcurrentExecutions", 0}});
  EXPECT_EQ(call("POST", "/2021-11-15/functions/f/response-streaming-invocations", "{}").status, 429U);
}

TEST_F(LambdaApiTest, DeletingForgetsTheFunction) {
  create("f");
  call("POST", at("f", "/invocations"), "{}");
  expect_error(call("DELETE", at("f?Qualifier=live")), 400, "InvalidParameterValueException", "Deletion of aliases is not currently supported.");
  expect_error(call("DELETE", at("f:$LATEST")), 400, "InvalidParameterValueException",
               "$LATEST version cannot be deleted without deleting the function.");
  EXPECT_EQ(call("DELETE", at("f?Qualifier=9")).status, 204U);
  EXPECT_EQ(call("DELETE", at("f")).status, 204U);
  EXPECT_EQ(call("POST", at("f", "/invocations"), "{}").status, 404U);
  expect_error(call("DELETE", at("f")), 404, "ResourceNotFoundException", "Function not found: " + arn);
  EXPECT_TRUE(engine->instances().empty());
}

TEST_F(LambdaApiTest, UnknownPathsAreUnknownOperations) {
  EXPECT_EQ(call("GET", "/2015-03-31/nothing").status, 404U);
  EXPECT_EQ(call("GET", "/2015-03-31/nothing").fields.get("x-amzn-ErrorType"), "UnknownOperationException");
}

}  // namespace
}  // namespace wick::api::lambda
