// What the caller and the log get when a function goes wrong.
#include <gmock/gmock.h>

#include "invoke/channel.h"
#include "invoke/engine_fixture.h"

namespace wick::invoke {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

constexpr const char* kReport =
    "END RequestId: [0-9a-f-]+\nREPORT RequestId: [0-9a-f-]+\tDuration: [0-9.]+ ms\tBilled Duration: [0-9]+ ms\tMemory Size: 128 MB\t"
    "Max Memory Used: [0-9]+ MB\t";

// Ready, then the script for the first invocation.
Script once(Script then) {
  return [then = std::move(then)](FakeRuntime& runtime) {
    runtime.send(FrameType::ready);
    return runtime.next() ? then(runtime) : 0;
  };
}

struct FailureTest : EngineTest {
  // The failure's error object has this type and message, where ID stands for the request id.
  void expect(const Outcome& outcome, const std::string& type, const std::string& message) {
    EXPECT_EQ(outcome.function_error, "Unhandled");
    EXPECT_EQ(outcome.error_type, type);
    EXPECT_EQ(member(outcome.payload, "errorType"), type);
    EXPECT_THAT(member(outcome.payload, "errorMessage"), MatchesRegex(message));
  }
  void expect_gone() {
    run_until([&] { return backend.alive == 0; });
    EXPECT_EQ(engine().instances().size(), 0u);
  }
};

TEST_F(FailureTest, Timeout) {
  backend.script = once([](FakeRuntime& runtime) { return runtime.hang(); });
  const auto f = version();
  f->timeout_s = 1;
  const Outcome outcome = invoke(f);
  expect(outcome, "Sandbox.Timedout", "RequestId: [0-9a-f-]+ Error: Task timed out after 1.00 seconds");
  EXPECT_THAT(outcome.log_tail, MatchesRegex("START RequestId: [0-9a-f-]+ Version: .LATEST\n[0-9T:.-]+Z [0-9a-f-]+ Task timed out after "
                                             "1.00 seconds\n" +
                                             std::string(kReport) + "Init Duration: [0-9.]+ ms\tStatus: timeout\n"));
  EXPECT_THAT(outcome.log_tail, HasSubstr("\tDuration: 1000.00 ms\t"));
  expect_gone();
}

TEST_F(FailureTest, AReplyAfterTheDeadlineDoesNotCount) {
  backend.script = once([](FakeRuntime& runtime) {
    runtime.hang();
    runtime.send(FrameType::result, "1");
    return 0;
  });
  const auto f = version();
  f->timeout_s = 1;
  EXPECT_EQ(invoke(f).error_type, "Sandbox.Timedout");
}

TEST_F(FailureTest, ExitsSayHow) {
  const std::string prefix = "RequestId: [0-9a-f-]+ Error: Runtime exited ";
  for (const auto& [status, how] : std::map<int, std::string>{{0, "without providing a reason"},
                                                              {exit_status(3), "with error: exit status 3"},
                                                              {SIGSEGV, "with error: signal: segmentation fault"},
                                                              {SIGABRT, "with error: signal: aborted"},
                                                              {SIGKILL, "with error: signal: killed"}}) {
    backend.script = once([&](FakeRuntime&) { return status; });
    const Outcome outcome = invoke(version());
    expect(outcome, "Runtime.ExitError", prefix + how);
    EXPECT_THAT(outcome.log_tail, MatchesRegex("START [^\n]*\n" + prefix + how + "\nRuntime.ExitError\n" + kReport +
                                               "Init Duration: [0-9.]+ ms\tStatus: error\tError Type: Runtime.ExitError\n"));
  }
}

TEST_F(FailureTest, OutOfMemory) {
  backend.script = once([](FakeRuntime& runtime) {
    runtime.exit.out_of_memory = true;
    runtime.exit.memory_peak_bytes = 128 << 20;
    return SIGKILL;
  });
  const Outcome outcome = invoke(version());
  expect(outcome, "Runtime.OutOfMemory", "RequestId: [0-9a-f-]+ Error: Runtime exited with error: signal: killed");
  EXPECT_THAT(outcome.log_tail, HasSubstr("Max Memory Used: 128 MB"));
}

TEST_F(FailureTest, AFailedInitIsTheCallersErrorAndTheNextCallTriesAgain) {
  const std::string object = R"({"errorType":"Runtime.ImportModuleError","errorMessage":"no module","stackTrace":[]})";
  backend.script = [&](FakeRuntime& runtime) {
    runtime.print("looking for it\n");
    runtime.send(FrameType::log, "not found");
    runtime.send(FrameType::init_failed, object);
    return exit_status(1);
  };
  const auto f = version();
  for (int i = 1; i <= 2; ++i) {
    const Outcome outcome = invoke(f);
    expect(outcome, "Runtime.ImportModuleError", "no module");
    EXPECT_EQ(outcome.payload, object);
    EXPECT_EQ(backend.booted, i);
    EXPECT_THAT(outcome.log_tail,
                MatchesRegex("looking for it\nnot found\nINIT_REPORT Init Duration: [0-9.]+ ms\tPhase: init\tStatus: error\tError Type: "
                             "Runtime.ImportModuleError\nSTART RequestId: [^\n]*\n" +
                             std::string(kReport) + "Init Duration: [0-9.]+ ms\tStatus: error\tError Type: Runtime.ImportModuleError\n"));
  }
  EXPECT_EQ(backend.inits_ended, 0);
}

TEST_F(FailureTest, ExitDuringInit) {
  backend.script = [](FakeRuntime&) { return exit_status(127); };
  expect(invoke(version()), "Runtime.ExitError", "RequestId: [0-9a-f-]+ Error: Runtime exited with error: exit status 127");
}

TEST_F(FailureTest, InitOverItsTimeComesOffTheTimeout) {
  options.init_timeout = 1ms;
  const auto f = version();
  f->timeout_s = 1;
  backend.script = [](FakeRuntime& runtime) { return runtime.hang(); };
  const Outcome never = invoke(f);
  expect(never, "Sandbox.Timedout", "RequestId: [0-9a-f-]+ Error: Task timed out after 1.00 seconds");
  EXPECT_THAT(never.log_tail, HasSubstr("\tPhase: init\tStatus: timeout\nSTART "));
  expect_gone();

  backend.script = [](FakeRuntime& runtime) {
    std::this_thread::sleep_for(20ms);
    runtime.send(FrameType::ready);
    while (const auto invoke = runtime.next()) runtime.send(FrameType::result, invoke->meta);
    return 0;
  };
  const auto before = unix_millis(Clock::system().now());
  const Outcome late = invoke(f);
  EXPECT_THAT(late.log_tail, HasSubstr("\tPhase: init\tStatus: timeout\nSTART "));
  EXPECT_EQ(late.function_error, "");
  EXPECT_LE(boost::json::parse(late.payload).at("deadlineMs").as_int64(), before + 1000 + late.timing.init_us / 1000);
}

TEST_F(FailureTest, WhatTheHandlerRaisesIsPassedOnAndTheInstanceStays) {
  const std::string object = R"({"errorType":"ValueError","errorMessage":"no such thing","requestId":"x"})";
  backend.script = [&](FakeRuntime& runtime) {
    runtime.send(FrameType::ready);
    while (runtime.next()) runtime.send(FrameType::error, object);
    return 0;
  };
  const auto f = version();
  for (int i = 0; i < 3; ++i) {
    const Outcome outcome = invoke(f);
    EXPECT_EQ(outcome.payload, object);
    EXPECT_EQ(outcome.error_type, "ValueError");
    EXPECT_EQ(outcome.function_error, "Unhandled");
    EXPECT_THAT(outcome.log_tail, Not(HasSubstr("Status:")));
  }
  EXPECT_EQ(backend.booted, 1);
}

TEST_F(FailureTest, AResponseOverTheLimit) {
  backend.script = [](FakeRuntime& runtime) {
    runtime.send(FrameType::ready);
    while (const auto invoke = runtime.next()) runtime.send(FrameType::result, std::string(std::stoul(invoke->payload), 'x'));
    return 0;
  };
  const auto f = version();
  const Outcome outcome = invoke(f, std::to_string(kResponseMax + 1));
  EXPECT_EQ(outcome.payload, R"({"errorType":"Function.ResponseSizeTooLarge",)"
                             R"("errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes)."})");
  EXPECT_EQ(outcome.function_error, "Unhandled");
  EXPECT_EQ(invoke(f, std::to_string(kResponseMax)).payload.size(), kResponseMax);
  EXPECT_EQ(invoke(f, "50000000").error_type, "Function.ResponseSizeTooLarge");
  EXPECT_EQ(backend.booted, 1);
}

TEST_F(FailureTest, NoEntryPoint) {
  backend.boot_error = Error{Errc::failed_precondition, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"};
  const Outcome outcome = invoke(version("f", "provided.al2023"));
  expect(outcome, "Runtime.InvalidEntrypoint", "RequestId: [0-9a-f-]+ Error: Couldn't find valid bootstrap.*");
  EXPECT_THAT(outcome.log_tail, HasSubstr("Error Type: Runtime.InvalidEntrypoint"));
}

TEST_F(FailureTest, BrokenProtocolEndsTheInstanceAndNoOther) {
  const auto neighbour = version("neighbour");
  Script bad;
  backend.script = [&](FakeRuntime& runtime) {
    const auto& environment = runtime.spec.environment;
    if (std::ranges::count(environment, "AWS_LAMBDA_FUNCTION_NAME=neighbour") == 0) return bad(runtime);
    runtime.send(FrameType::ready);
    while (runtime.next()) runtime.send(FrameType::result, "1");
    return 0;
  };
  invoke(neighbour);
  const std::vector<std::string> breaches = {
      encode_frame(FrameType::ready, {}),
      encode_frame(FrameType::init_failed, "{}"),
      encode_frame(FrameType::stream_chunk, "x"),
      encode_frame(FrameType::stream_end, {}),
      encode_frame(FrameType::stream_begin, std::string(2000, 'x')),
      encode_frame(FrameType::stream_begin, "text/plain") + encode_frame(FrameType::result, "1"),
      encode_frame(FrameType::stream_begin, "text/plain") + encode_frame(FrameType::stream_begin, "text/plain"),
      encode_invoke("{}", "{}"),
      std::string("\1\0\0\0Oxyz1", 9),
      std::string(64, '\xff'),
  };
  for (const std::string& breach : breaches) {
    bad = once([&](FakeRuntime& runtime) {
      runtime.raw(breach);
      return runtime.hang();
    });
    expect(invoke(version()), "Runtime.ExitError", "RequestId: [0-9a-f-]+ Error: Runtime exited with error: protocol violation: .*");
    EXPECT_EQ(invoke(neighbour).payload, "1");
  }
}

TEST_F(FailureTest, ASecondReplyEndsTheInstance) {
  backend.script = once([](FakeRuntime& runtime) {
    runtime.raw(encode_frame(FrameType::result, "1") + encode_frame(FrameType::result, "2"));
    return runtime.hang();
  });
  EXPECT_EQ(invoke(version()).payload, "1");
  expect_gone();
}

TEST_F(FailureTest, WhatComesBetweenInvocationsAnswersNone) {
  std::atomic<int> instances = 0;
  std::promise<void> answered;
  std::promise<void> written;
  backend.script = once([&](FakeRuntime& runtime) {
    const bool first = ++instances == 1;
    runtime.send(FrameType::result, first ? "1" : "2");
    if (first) {
      answered.get_future().wait();
      runtime.send(FrameType::result, "1, again");
      written.set_value();
    }
    return runtime.hang();
  });
  EXPECT_EQ(invoke(version()).payload, "1");
  answered.set_value();
  written.get_future().wait();
  EXPECT_EQ(invoke(version()).payload, "2");
  EXPECT_EQ(instances, 2);
}

TEST_F(FailureTest, RandomBytesNeverBreakTheEngine) {
  const std::uint64_t seed = 20260102;
  SCOPED_TRACE(seed);
  const auto random = Random::seeded(seed);
  for (int round = 0; round < 200; ++round) {
    std::string bytes(random->next() % 300, '\0');
    random->fill(std::as_writable_bytes(std::span(bytes)));
    const bool framed = random->next() % 2 == 0;  // a likely type and a small length, so that it comes further
    if (framed && bytes.size() > kFrameHeaderSize) {
      bytes[0] = static_cast<char>(random->next() % 64);
      bytes[1] = bytes[2] = bytes[3] = bytes[5] = bytes[6] = bytes[7] = '\0';
      bytes[4] = "RFOESCZL"[random->next() % 8];
    }
    const bool in_init = random->next() % 2 == 0;
    backend.script = [&](FakeRuntime& runtime) {
      if (!in_init) runtime.send(FrameType::ready);
      if (!in_init && !runtime.next()) return 0;
      runtime.raw(bytes);
      return exit_status(9);
    };
    EXPECT_TRUE(invoke(version()).timing.cold());
  }
  run_until([&] { return backend.alive == 0; });
}

}  // namespace
}  // namespace wick::invoke
