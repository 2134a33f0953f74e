// The operations around a function: aliases, layers, permissions, tags, URLs, concurrency, event invocation, account.
#include "api/lambda/operations.h"

#include "api/lambda/api_fixture.h"

namespace wick::api::lambda {
namespace {

namespace json = boost::json;

const std::string arn = "arn:aws:lambda:us-east-1:000000000000:function:f";

class OperationsTest : public ApiTest {
 protected:
  OperationsTest() {
    create("f");
    settled("f");
    EXPECT_EQ(call("POST", at("f", "/versions"), "{}").status, 201U);
  }
};

TEST_F(OperationsTest, SnapStartIsOnForPublishedVersionsThatCanHaveATemplate) {
  const auto status = [this](const std::string& qualifier) {
    return call("GET", at("f", "/configuration" + qualifier)).body.at("SnapStart").at("OptimizationStatus");
  };
  backend.forks = true;
  backend.script = [](invoke::FakeRuntime& runtime) {
    runtime.send(invoke::FrameType::ready, R"({"forkable":false,"reason":"threads"})");
    return 0;
  };
  EXPECT_EQ(status("?Qualifier=1"), "Off");  // published without
  ASSERT_EQ(call("PUT", at("f", "/configuration"), {{"SnapStart", {{"ApplyOn", "PublishedVersions"}}}}).status, 200U);
  settled("f");
  EXPECT_EQ(status(""), "Off");  // $LATEST never has it
  const auto published = call("POST", at("f", "/versions"), "{}");
  EXPECT_EQ(published.body.at("Version"), "2");
  EXPECT_EQ(published.body.at("SnapStart").at("OptimizationStatus"), "On");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (status("?Qualifier=2") != "Off" && std::chrono::steady_clock::now() < end) continue;  // its template has said that it cannot
  EXPECT_EQ(status("?Qualifier=2"), "Off");
}

TEST_F(OperationsTest, VersionsAndAliases) {
  EXPECT_EQ(call("GET", at("f", "/versions")).body.at("Versions").as_array().size(), 2U);
  const auto created = call("POST", at("f", "/aliases"), {{"Name", "live"}, {"FunctionVersion", "1"}});
  EXPECT_EQ(created.status, 201U) << created.text;
  json::object expected{
      {"AliasArn", arn + ":live"}, {"Name", "live"}, {"FunctionVersion", "1"}, {"Description", ""}, {"RevisionId", created.body.at("RevisionId")}};
  EXPECT_EQ(created.body, expected);
  EXPECT_EQ(call("POST", at("f:live", "/invocations"), "{}").fields.get("X-Amz-Executed-Version"), "1");
  EXPECT_EQ(call("PUT", at("f", "/aliases/live"), {{"Description", "d"}}).body.at("Description"), "d");
  EXPECT_EQ(call("GET", at("f", "/aliases")).body.at("Aliases").as_array().size(), 1U);
  EXPECT_EQ(call("DELETE", at("f", "/aliases/live")).status, 204U);
  EXPECT_EQ(call("GET", at("f", "/aliases/live")).status, 404U);
}

TEST_F(OperationsTest, Permissions) {
  const auto added =
      call("POST", at("f", "/policy"),
           {{"StatementId", "s3"}, {"Action", "lambda:InvokeFunction"}, {"Principal", "s3.amazonaws.com"}, {"SourceArn", "arn:aws:s3:::b"}});
  EXPECT_EQ(added.status, 201U) << added.text;
  EXPECT_EQ(added.body.at("Statement"),
            json::value(R"({"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":")" +
                        arn + R"(","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::b"}}})"));
  EXPECT_EQ(json::parse(call("GET", at("f", "/policy")).body.at("Policy").as_string()).at("Statement").as_array().size(), 1U);
  EXPECT_EQ(call("POST", at("f", "/policy"), {{"StatementId", "x"}, {"Action", "lambda:InvokeFunction"}, {"Principal", "invalid"}}).status, 400U);
  EXPECT_EQ(call("DELETE", at("f", "/policy/s3")).status, 204U);
  EXPECT_EQ(call("GET", at("f", "/policy")).status, 404U);
}

TEST_F(OperationsTest, Tags) {
  const auto resource = "/2017-03-31/tags/" + arn;
  EXPECT_EQ(call("POST", resource, {{"Tags", {{"a", "1"}, {"b", "2"}}}}).status, 204U);
  EXPECT_EQ(call("DELETE", resource + "?tagKeys=a").status, 204U);
  EXPECT_EQ(call("GET", resource).body, (json::object{{"Tags", {{"b", "2"}}}}));
  EXPECT_EQ(call("GET", at("f")).body.at("Tags"), (json::object{{"b", "2"}}));
  EXPECT_EQ(call("POST", resource + ":1", {{"Tags", {{"a", "1"}}}}).status, 400U);
}

TEST_F(OperationsTest, FunctionUrls) {
  const std::string path = "/2021-10-31/functions/f/url";
  const auto created = call("POST", path, {{"AuthType", "NONE"}});
  EXPECT_EQ(created.status, 201U) << created.text;
  EXPECT_TRUE(created.body.at("FunctionUrl").as_string().ends_with(".lambda-url.localhost:4566/"));
  EXPECT_FALSE(created.body.contains("InvokeMode"));
  EXPECT_EQ(call("GET", path).body.at("InvokeMode"), "BUFFERED");
  EXPECT_EQ(call("PUT", path, {{"InvokeMode", "RESPONSE_STREAM"}, {"Cors", {{"AllowOrigins", json::array{json::value("*")}}}}}).body.at("InvokeMode"),
            "RESPONSE_STREAM");
  EXPECT_EQ(call("GET", path + "s").body.at("FunctionUrlConfigs").as_array().size(), 1U);
  EXPECT_EQ(call("POST", path, {{"AuthType", "NONE"}}).status, 409U);
  EXPECT_EQ(call("DELETE", path).status, 204U);
  EXPECT_EQ(call("GET", path).status, 404U);
}

TEST_F(OperationsTest, ProvisionedConcurrency) {
  const std::string path = "/2019-09-30/functions/f/provisioned-concurrency";
  const auto put = call("PUT", path + "?Qualifier=1", {{"ProvisionedConcurrentExecutions", 2}});
  EXPECT_EQ(put.status, 202U) << put.text;
  EXPECT_EQ(put.body.at("Status"), "IN_PROGRESS");
  const auto status = [&] { return call("GET", path + "?Qualifier=1").body.at("Status"); };
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (status() != "READY" && std::chrono::steady_clock::now() < end) {
  }
  EXPECT_EQ(status(), "READY");
  EXPECT_EQ(call("GET", path + "?List=ALL").body.at("ProvisionedConcurrencyConfigs").at(0).at("FunctionArn"), json::value(arn + ":1"));
  EXPECT_EQ(call("PUT", path + "?Qualifier=$LATEST", {{"ProvisionedConcurrentExecutions", 2}}).status, 400U);
  EXPECT_EQ(call("DELETE", path + "?Qualifier=1").status, 204U);
  EXPECT_EQ(call("GET", path + "?Qualifier=1").fields.get("x-amzn-ErrorType"), "ProvisionedConcurrencyConfigNotFoundException");
}

TEST_F(OperationsTest, EventInvokeConfig) {
  const std::string path = "/2019-09-25/functions/f/event-invoke-config";
  EXPECT_EQ(call("GET", path).status, 404U);
  const auto put = call("PUT", path, {{"MaximumRetryAttempts", 0}});
  EXPECT_EQ(put.status, 200U) << put.text;
  EXPECT_EQ(put.body.at("FunctionArn"), json::value(arn + ":$LATEST"));
  EXPECT_EQ(put.body.at("DestinationConfig"), (json::object{{"OnSuccess", json::object()}, {"OnFailure", json::object()}}));
  EXPECT_FALSE(put.body.contains("MaximumEventAgeInSeconds"));
  EXPECT_EQ(call("POST", path, {{"MaximumEventAgeInSeconds", 60}}).body.at("MaximumRetryAttempts"), 0);
  const auto itself = call("PUT", path, {{"DestinationConfig", {{"OnSuccess", {{"Destination", arn}}}}}});
  EXPECT_EQ(itself.body.at("message"), "You can't specify the function as a destination for itself.");
  EXPECT_EQ(call("PUT", path, json::object()).body.at("message"), "You must specify at least one of error handling or destination setting.");
  EXPECT_EQ(call("GET", path + "/list").body.at("FunctionEventInvokeConfigs").as_array().size(), 1U);
  EXPECT_EQ(call("DELETE", path).status, 204U);
}

TEST_F(OperationsTest, Layers) {
  const std::string path = "/2018-10-31/layers/l/versions";
  const auto published =
      call("POST", path, {{"Content", {{"ZipFile", zip_base64()}}}, {"CompatibleRuntimes", json::array{json::value("python3.11")}}});
  EXPECT_EQ(published.status, 201U) << published.text;
  EXPECT_EQ(published.body.at("LayerVersionArn"), "arn:aws:lambda:us-east-1:000000000000:layer:l:1");
  EXPECT_FALSE(published.body.contains("CompatibleArchitectures"));
  EXPECT_EQ(call("GET", path + "/1").body.at("Content").at("CodeSha256"), published.body.at("Content").at("CodeSha256"));
  EXPECT_EQ(call("GET", "/2018-10-31/layers?find=LayerVersion&Arn=arn:aws:lambda:us-east-1:000000000000:layer:l:1").body.at("Version"), 1);
  EXPECT_EQ(call("GET", "/2018-10-31/layers?CompatibleRuntime=nodejs20.x").body.at("Layers").as_array().size(), 0U);
  EXPECT_EQ(call("GET", "/2018-10-31/layers").body.at("Layers").at(0).at("LatestMatchingVersion").at("Version"), 1);
  EXPECT_EQ(
      call("PUT", at("f", "/configuration"), {{"Layers", json::array{published.body.at("LayerVersionArn")}}}).body.at("Layers").as_array().size(),
      1U);
  EXPECT_EQ(call("POST", path + "/1/policy", {{"StatementId", "s"}, {"Action", "lambda:GetLayerVersion"}, {"Principal", "*"}}).status, 201U);
  EXPECT_EQ(call("GET", path + "/1/policy").status, 200U);
  EXPECT_EQ(call("DELETE", path + "/1/policy/s").status, 204U);
  EXPECT_EQ(call("GET", path + "/1/policy").body.at("Message"), "No policy is associated with the given resource.");
  EXPECT_EQ(call("DELETE", path + "/1").status, 204U);
  EXPECT_EQ(call("GET", path + "/0").body.at("message"), "Layer Version Cannot be less than 1");
}

TEST_F(OperationsTest, AccountSettingsAndSmallOnes) {
  const auto account = call("GET", "/2016-08-19/account-settings").body;
  EXPECT_EQ(account.at("AccountLimit").at("UnreservedConcurrentExecutions"), 1000);
  EXPECT_EQ(account.at("AccountUsage").at("FunctionCount"), 1);
  EXPECT_EQ(call("GET", "/2024-08-31/functions/f/recursion-config").body.at("RecursiveLoop"), "Terminate");
  EXPECT_EQ(call("PUT", "/2024-08-31/functions/f/recursion-config", {{"RecursiveLoop", "Allow"}}).body.at("RecursiveLoop"), "Allow");
  EXPECT_EQ(call("GET", "/2024-08-31/functions/f/recursion-config").body.at("RecursiveLoop"), "Allow");
  EXPECT_EQ(call("GET", "/2020-06-30/functions/f/code-signing-config").body, (json::object{{"FunctionName", "f"}}));
  EXPECT_EQ(call("GET", "/2015-03-31/functions?FunctionVersion=ALL").body.at("Functions").as_array().size(), 2U);
}

// The three that invoke are not among them.
TEST(Operations, AreFoundByName) {
  for (const std::string_view name : {"Invoke", "InvokeAsync", "InvokeWithResponseStream"}) EXPECT_EQ(find_operation(name), nullptr);
  EXPECT_NE(find_operation("AddLayerVersionPermission"), nullptr);
  EXPECT_NE(find_operation("UpdateFunctionUrlConfig"), nullptr);
  EXPECT_EQ(find_operation("Nothing"), nullptr);
}

}  // namespace
}  // namespace wick::api::lambda
