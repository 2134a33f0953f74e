#include "invoke/environment.h"

#include <gmock/gmock.h>

namespace wick::invoke {
namespace {

using testing::Contains;
using testing::Not;
using testing::StartsWith;

struct EnvironmentTest : testing::Test {
  std::vector<std::string> environment(std::string_view initialization = kOnDemand) {
    return make_environment(version, options, "2026/01/02/[$LATEST]0", initialization);
  }
  EnvironmentTest() {
    version.name = function::FunctionName("f");
    version.runtime = "nodejs20.x";
    version.handler = "index.handler";
    options.function_access_key = "key";
    options.function_secret_key = "secret";
  }
  function::Version version;
  EngineOptions options;
};

TEST_F(EnvironmentTest, Defined) {
  const auto all = environment();
  for (const char* one :
       {"_HANDLER=index.handler", "AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1", "TZ=:UTC", "AWS_EXECUTION_ENV=AWS_Lambda_nodejs20.x",
        "AWS_LAMBDA_FUNCTION_NAME=f", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand", "AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/f", "AWS_LAMBDA_LOG_STREAM_NAME=2026/01/02/[$LATEST]0",
        "AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret", "LAMBDA_TASK_ROOT=/var/task", "LAMBDA_RUNTIME_DIR=/var/runtime",
        "AWS_ENDPOINT_URL=http://127.0.0.1:4566",
        "NODE_PATH=/opt/nodejs/node20/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task"}) {
    EXPECT_THAT(all, Contains(one));
  }
  EXPECT_THAT(all, Not(Contains(StartsWith("AWS_LAMBDA_RUNTIME_API="))));
  EXPECT_THAT(all, Not(Contains(StartsWith("AWS_LAMBDA_LOG_FORMAT="))));
  EXPECT_THAT(environment(kProvisioned), Contains("AWS_LAMBDA_INITIALIZATION_TYPE=provisioned-concurrency"));
}

TEST_F(EnvironmentTest, OwnVariablesWinOverAllButTheReserved) {
  version.environment = {{"MINE", "1"}, {"TZ", "Europe/Berlin"}, {"AWS_REGION", "mars"}, {"_HANDLER", "evil"}, {"AWS_SESSION_TOKEN", "x"}};
  const auto all = environment();
  EXPECT_THAT(all, Contains("MINE=1"));
  EXPECT_THAT(all, Contains("TZ=Europe/Berlin"));
  EXPECT_THAT(all, Contains("AWS_REGION=us-east-1"));
  EXPECT_THAT(all, Contains("_HANDLER=index.handler"));
  EXPECT_THAT(all, Not(Contains(StartsWith("AWS_SESSION_TOKEN="))));
}

TEST_F(EnvironmentTest, CustomRuntimePythonAndJsonLogs) {
  version.runtime = "provided.al2023";
  EXPECT_THAT(environment(), Contains("AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001"));
  EXPECT_THAT(environment(), Not(Contains(StartsWith("AWS_EXECUTION_ENV="))));
  version.runtime = "python3.11";
  version.log_format = function::LogFormat::json;
  EXPECT_THAT(environment(), Contains("PYTHONPATH=/var/runtime"));
  EXPECT_THAT(environment(), Contains("AWS_LAMBDA_LOG_FORMAT=JSON"));
  EXPECT_THAT(environment(), Contains("AWS_LAMBDA_LOG_LEVEL=INFO"));
  version.application_log_level = "DEBUG";
  EXPECT_THAT(environment(), Contains("AWS_LAMBDA_LOG_LEVEL=DEBUG"));
}

TEST(TemplateEnvironment, ABareOneHasNothingOfAFunction) {
  function::Version version;
  version.runtime = "nodejs22.x";
  version.environment = {{"COLOUR", "red"}};
  const auto bare = make_bare_environment(version);
  for (const std::string& one : bare) {
    EXPECT_FALSE(one.starts_with("AWS_")) << one;
    EXPECT_FALSE(one.starts_with("COLOUR")) << one;
  }
  EXPECT_NE(std::ranges::find(bare, "TZ=:UTC"), bare.end());
}

TEST(TemplateEnvironment, AForkIsToldWhatIsNotThere) {
  EXPECT_EQ(environment_beyond({"A=1", "B=2"}, {"A=1", "B=3", "C=4"}), (std::vector<std::string>{"B=3", "C=4"}));
}

TEST(TemplateEnvironment, AFunctionCannotTurnItsInstancesIntoTemplates) {
  function::Version version;
  version.runtime = "nodejs22.x";
  version.environment = {{"WICK_TEMPLATE", "version"}};
  for (const std::string& one : make_environment(version, {}, "stream", kOnDemand)) EXPECT_FALSE(one.starts_with("WICK_TEMPLATE")) << one;
}

}  // namespace
}  // namespace wick::invoke
