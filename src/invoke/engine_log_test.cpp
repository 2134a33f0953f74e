// What of a function's output becomes log events, and which of them are in an invocation's tail.
#include <gmock/gmock.h>

#include "invoke/engine_fixture.h"

namespace wick::invoke {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

struct LogTest : EngineTest {
  std::vector<std::string> messages() {
    std::vector<std::string> out;
    for (const LogEvent& event : logged) out.push_back(event.message);
    return out;
  }
};

TEST_F(LogTest, LinesOfOutputAndLogFramesInOrder) {
  backend.script = [](FakeRuntime& runtime) {
    runtime.print("in init\n");
    runtime.send(FrameType::ready);
    while (runtime.next()) {
      runtime.print("one\n\ntwo\n");
      runtime.send(FrameType::log, "three\nof two lines");
      runtime.print("part");
      runtime.send(FrameType::result, "null");
    }
    return 0;
  };
  const auto f = version();
  const Outcome outcome = invoke(f);
  EXPECT_THAT(messages(), ElementsAre("in init", StartsWith("START RequestId: "), "one", "", "two", "three\nof two lines", "part",
                                      StartsWith("END RequestId: "), StartsWith("REPORT RequestId: ")));
  std::string joined;
  for (const std::string& message : messages()) joined += message + "\n";
  EXPECT_EQ(outcome.log_tail, joined);
  EXPECT_EQ(invoke(f).log_tail.find("in init"), std::string::npos);

  const LogEvent& event = logged.front();
  EXPECT_EQ(event.function, f->name);
  EXPECT_EQ(event.version, "$LATEST");
  EXPECT_THAT(event.instance, testing::MatchesRegex("[0-9]{4}/[0-9]{2}/[0-9]{2}/\\[.LATEST\\][0-9a-f]{32}"));
}

TEST_F(LogTest, OutputWhileIdleAndAtTheEndIsKept) {
  std::atomic<bool> go = false;
  backend.script = [&](FakeRuntime& runtime) {
    runtime.send(FrameType::ready);
    runtime.next();
    runtime.send(FrameType::result, "null");
    while (!go) std::this_thread::sleep_for(1ms);
    runtime.print("late\n");
    runtime.next();
    runtime.print("last words");
    return 0;
  };
  const auto f = version();
  invoke(f);
  go = true;
  run_until([&] { return logged.back().message == "late"; });
  EXPECT_THAT(invoke(f).log_tail, HasSubstr("last words\n"));
}

TEST_F(LogTest, TheTailIsTheLastFourKiB) {
  backend.script = [](FakeRuntime& runtime) {
    runtime.send(FrameType::ready);
    runtime.next();
    for (int i = 0; i < 1000; ++i) runtime.send(FrameType::log, fmt::format("line {} {}", i, std::string(50, 'x')));
    runtime.send(FrameType::result, "null");
    return 0;
  };
  const Outcome outcome = invoke(version());
  EXPECT_EQ(outcome.log_tail.size(), kLogTailMax);
  EXPECT_THAT(outcome.log_tail, HasSubstr("line 999 "));
  EXPECT_THAT(outcome.log_tail, HasSubstr("REPORT RequestId: "));
  EXPECT_EQ(logged.size(), 1003u);
}

TEST_F(LogTest, AFloodOfOutputHoldsUpNobody) {
  backend.script = [](FakeRuntime& runtime) {
    runtime.send(FrameType::ready);
    const bool floods = std::ranges::count(runtime.spec.environment, "AWS_LAMBDA_FUNCTION_NAME=flood") == 1;
    while (runtime.next()) {
      for (int i = 0; floods && i < 200; ++i) runtime.print(std::string(50'000, 'x') + "\n");
      runtime.send(FrameType::result, "null");
    }
    return 0;
  };
  const auto neighbour = version("neighbour");
  auto flood = start(version("flood"));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(invoke(neighbour).function_error, "");
  finish(std::move(flood));
  run_until([&] { return std::ranges::count_if(logged, [](const LogEvent& event) { return event.message.size() == 50'000; }) == 200; });
}

TEST_F(LogTest, JsonFormat) {
  backend.script = [](FakeRuntime& runtime) {
    runtime.send(FrameType::ready);
    while (runtime.next()) runtime.send(FrameType::result, "null");
    return 0;
  };
  const auto f = version();
  f->log_format = function::LogFormat::json;
  invoke(f);
  ASSERT_EQ(logged.size(), 2u);
  const auto start = boost::json::parse(logged[0].message), report = boost::json::parse(logged[1].message);
  EXPECT_EQ(start.at("type").as_string(), "platform.start");
  EXPECT_EQ(start.at("record").at("version").as_string(), "$LATEST");
  EXPECT_EQ(report.at("type").as_string(), "platform.report");
  EXPECT_EQ(report.at("record").at("status").as_string(), "success");
  EXPECT_EQ(report.at("record").at("metrics").at("memorySizeMB").as_int64(), 128);
  EXPECT_TRUE(report.at("record").at("metrics").as_object().contains("initDurationMs"));
}

}  // namespace
}  // namespace wick::invoke
