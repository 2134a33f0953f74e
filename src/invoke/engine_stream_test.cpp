// Streamed replies of managed runtimes.
#include <gmock/gmock.h>

#include "invoke/channel.h"
#include "invoke/engine_fixture.h"
#include "invoke/fake_caller.h"

namespace wick::invoke {
namespace {

Script streaming(std::function<void(FakeRuntime&)> reply) {
  return [reply = std::move(reply)](FakeRuntime& runtime) {
    runtime.send(FrameType::ready);
    while (runtime.next()) reply(runtime);
    return 0;
  };
}

struct StreamTest : EngineTest {
  FakeCaller caller{loop};
};

TEST_F(StreamTest, ChunksArriveInOrderWithTheContentType) {
  backend.script = streaming([](FakeRuntime& runtime) {
    runtime.send(FrameType::stream_begin, "text/plain");
    runtime.send(FrameType::log, "between");
    for (const char* chunk : {"a", "b", "c"}) runtime.send(FrameType::stream_chunk, chunk);
    runtime.send(FrameType::stream_end);
  });
  const Outcome outcome = invoke(version(), "{}", &caller);
  EXPECT_EQ(caller.type, "text/plain");
  EXPECT_EQ(caller.received, "abc");
  EXPECT_EQ(outcome.payload, "");
  EXPECT_EQ(outcome.function_error, "");
  EXPECT_THAT(outcome.log_tail, testing::HasSubstr("between\n"));
}

TEST_F(StreamTest, AnUnprintableContentTypeIsReplaced) {
  for (const char* type : {"", "text/plain\r\nSet-Cookie: x", "t\xc3\xa9"}) {
    backend.script = streaming([type](FakeRuntime& runtime) {
      runtime.send(FrameType::stream_begin, type);
      runtime.send(FrameType::stream_end);
    });
    invoke(version(), "{}", &caller);
    EXPECT_EQ(std::exchange(caller.type, {}), "application/octet-stream");
  }
}

TEST_F(StreamTest, WithoutAStreamItIsCollectedUpToTheLimit) {
  backend.script = [](FakeRuntime& runtime) {
    runtime.send(FrameType::ready);
    while (const auto invoke = runtime.next()) {
      runtime.send(FrameType::stream_begin, "text/plain");
      const std::string chunk(64 * 1024, 'x');
      for (int i = 0, n = std::stoi(invoke->payload); i < n; ++i) runtime.send(FrameType::stream_chunk, chunk);
      runtime.send(FrameType::stream_end);
    }
    return 0;
  };
  const auto f = version();
  EXPECT_EQ(invoke(f, "3").payload, std::string(3 * 64 * 1024, 'x'));
  EXPECT_EQ(invoke(f, "97").error_type, "Function.ResponseSizeTooLarge");
  EXPECT_EQ(invoke(f, "96").payload.size(), 96u * 64 * 1024);
  EXPECT_EQ(backend.booted, 1);
}

TEST_F(StreamTest, ASlowCallerHoldsTheFunctionBack) {
  std::atomic<int> sent = 0;
  backend.script = streaming([&](FakeRuntime& runtime) {
    runtime.send(FrameType::stream_begin, "text/plain");
    const std::string chunk(64 * 1024, 'x');
    for (; sent < 200; ++sent) runtime.send(FrameType::stream_chunk, chunk);
    runtime.send(FrameType::stream_end);
  });
  caller.held = true;
  auto call = start(version(), "{}", &caller);
  int before = -1;
  run_until([&] {  // until it stands still
    run_for(20ms);
    return caller.begun == 1 && std::exchange(before, sent.load()) == sent;
  });
  EXPECT_LT(sent, 100);
  caller.held = false;
  finish(std::move(call));
  EXPECT_EQ(caller.received.size(), 200u * 64 * 1024);
}

TEST_F(StreamTest, AnErrorMidwayIsReported) {
  const std::string object = R"({"errorType":"Oops","errorMessage":"midway"})";
  backend.script = streaming([&](FakeRuntime& runtime) {
    runtime.send(FrameType::stream_begin, "text/plain");
    runtime.send(FrameType::stream_chunk, "half");
    runtime.send(FrameType::stream_end, object);
  });
  const Outcome outcome = invoke(version(), "{}", &caller);
  EXPECT_EQ(caller.received, "half");
  EXPECT_EQ(outcome.error_type, "Oops");
  EXPECT_EQ(outcome.payload, object);
}

TEST_F(StreamTest, AnExitMidwayIsReported) {
  backend.script = [](FakeRuntime& runtime) {
    runtime.send(FrameType::ready);
    runtime.next();
    runtime.send(FrameType::stream_begin, "text/plain");
    runtime.send(FrameType::stream_chunk, "half");
    return exit_status(3);
  };
  const Outcome outcome = invoke(version(), "{}", &caller);
  EXPECT_EQ(caller.received, "half");
  EXPECT_EQ(outcome.error_type, "Runtime.ExitError");
  EXPECT_THAT(outcome.payload, testing::HasSubstr("exit status 3"));
}

TEST_F(StreamTest, ACallerThatGoesAwayDoesNotStopTheInvocation) {
  backend.script = streaming([](FakeRuntime& runtime) {
    runtime.send(FrameType::stream_begin, "text/plain");
    for (int i = 0; i < 10; ++i) runtime.send(FrameType::stream_chunk, "0123456789");
    runtime.send(FrameType::stream_end);
  });
  caller.gone_after = 20;
  const auto f = version();
  EXPECT_EQ(invoke(f, "{}", &caller).function_error, "");
  EXPECT_EQ(caller.received.size(), 20u);
  caller.gone_after = std::string::npos;
  caller.begun = 0;
  EXPECT_EQ(invoke(f, "{}", &caller).function_error, "");
  EXPECT_EQ(backend.booted, 1);
}

TEST_F(StreamTest, AnOrdinaryResultIsNotStreamed) {
  backend.script = streaming([](FakeRuntime& runtime) { runtime.send(FrameType::result, "7"); });
  EXPECT_EQ(invoke(version(), "{}", &caller).payload, "7");
  EXPECT_EQ(caller.begun, 0);
}

}  // namespace
}  // namespace wick::invoke
