// Several calls at once on one instance: a custom runtime with several loops, through the engine.
#include <gmock/gmock.h>

#include "invoke/concurrency_fixture.h"

namespace wick::invoke {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(ConcurrencyTest, AnInstanceRunsAsManyCallsAsItMay) {
  serve_at_gate(3);
  const auto f = allowing(3);
  std::vector<std::future<Answer>> calls;
  for (const char* name : {"a", "b", "c"}) calls.push_back(start(f, name));
  await_inside(3);
  EXPECT_EQ(backend.booted, 1);
  EXPECT_EQ(count("busy"), 1);
  calls.push_back(start(f, "d"));
  await_inside(4);
  EXPECT_EQ(backend.booted, 2);
  gate.open();
  std::string instances;
  for (auto& call : calls) instances += finish(std::move(call)).payload;
  EXPECT_EQ(instances, "1112");
  EXPECT_EQ(backend.inits_ended, 2);
  run_until([&] { return count("idle") == 2; });
}

TEST_F(ConcurrencyTest, CallsOneAfterTheOtherNeedOneInstance) {
  serve(4, [](FakeApi& api, const std::string& payload) { api.respond(payload); });
  const auto f = allowing(4);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(invoke(f, std::to_string(i)).payload, std::to_string(i));
  EXPECT_EQ(backend.booted, 1);
}

TEST_F(ConcurrencyTest, EachCallGetsItsOwnAnswer) {
  serve(8, [](FakeApi& api, const std::string& payload) {
    if (std::stoi(payload) % 3 == 0) {
      api.call("POST", "invocation/" + api.id + "/error", fmt::format(R"({{"errorType":"E{}","errorMessage":""}})", payload));
    } else {
      api.respond(payload);
    }
  });
  const auto f = allowing(8);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::future<Answer>> calls;
    for (int i = 0; i < 8; ++i) calls.push_back(start(f, std::to_string(8 * round + i)));
    for (int i = 0; i < 8; ++i) {
      const Outcome outcome = finish(std::move(calls[static_cast<std::size_t>(i)]));
      const std::string name = std::to_string(8 * round + i);
      EXPECT_EQ(outcome.error_type.empty() ? outcome.payload : outcome.error_type, (8 * round + i) % 3 == 0 ? "E" + name : name);
    }
  }
}

TEST_F(ConcurrencyTest, TheFirstCallsWaitForOneInit) {
  serve_at_gate(4);
  const auto ready = backend.script;
  backend.script = [&](FakeRuntime& runtime) {
    gate.pass("init");
    return ready(runtime);
  };
  const auto f = allowing(4);
  std::vector<std::future<Answer>> calls;
  for (int i = 0; i < 8; ++i) calls.push_back(start(f, "call"));
  await_inside(2);  // inits
  run_for(50ms);
  EXPECT_EQ(backend.booted, 2);
  gate.let_go("init");
  await_inside(8);
  EXPECT_EQ(backend.booted, 2);
  gate.open();
  for (auto& call : calls) finish(std::move(call));
}

TEST_F(ConcurrencyTest, CallsDoNotWaitForALostInit) {
  backend.script = [](FakeRuntime&) { return exit_status(4); };
  const auto f = allowing(8);
  std::vector<std::future<Answer>> calls;
  for (int i = 0; i < 8; ++i) calls.push_back(start(f));
  for (auto& call : calls) EXPECT_THAT(finish(std::move(call)).payload, HasSubstr("exit status 4"));
  EXPECT_EQ(backend.booted, 8);
}

TEST_F(ConcurrencyTest, ARuntimeWithOneLoopRunsOneCall) {
  serve_at_gate(1);
  const auto f = allowing(4);
  auto first = start(f, "a");
  await_inside(1);
  auto second = start(f, "b");
  await_inside(2);
  EXPECT_EQ(backend.booted, 2);
  gate.open();
  EXPECT_EQ(finish(std::move(first)).payload + finish(std::move(second)).payload, "12");
}

TEST_F(ConcurrencyTest, TheBusiestInstanceComesFirst) {
  serve_at_gate(3);
  const auto f = allowing(3);
  std::vector<std::future<Answer>> calls;
  for (const char* name : {"a", "b", "c", "d"}) {
    calls.push_back(start(f, name));
    await_inside(static_cast<int>(calls.size()));
  }
  EXPECT_EQ(backend.booted, 2);
  gate.let_go("a");
  EXPECT_EQ(finish(std::move(calls[0])).payload, "1");
  auto next = start(f, "e");
  await_inside(4);
  gate.open();
  EXPECT_EQ(finish(std::move(next)).payload, "1");
  for (std::size_t i = 1; i < calls.size(); ++i) finish(std::move(calls[i]));
}

TEST_F(ConcurrencyTest, ATimeoutLeavesTheOtherCallsTheirTime) {
  serve_at_gate(2);
  const auto f = allowing(2);
  f->timeout_s = 1;
  auto overlong = start(f, "a");
  await_inside(1);
  run_for(500ms);
  auto other = start(f, "b");
  await_inside(2);
  const Outcome timed_out = finish(std::move(overlong));
  EXPECT_EQ(timed_out.error_type, "Sandbox.Timedout");
  EXPECT_EQ(timed_out.timing.run_us, 1'000'000);
  EXPECT_EQ(count("busy"), 1);
  auto next = start(f, "c");  // the instance takes no further call
  await_inside(3);
  EXPECT_EQ(backend.booted, 2);
  gate.let_go("b");
  EXPECT_EQ(finish(std::move(other)).payload, "1");
  run_until([&] { return backend.alive == 1; });
  gate.open();
  EXPECT_EQ(finish(std::move(next)).payload, "2");
}

TEST_F(ConcurrencyTest, ATimeoutEndsAnAnswerThatHasBegun) {
  serve(2, [this](FakeApi& api, const std::string& payload) {
    if (payload == "stream") {
      api.raw(
          fmt::format("POST /2018-06-01/runtime/invocation/{}/response HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                      "Lambda-Runtime-Function-Response-Mode: streaming\r\n\r\n1\r\na\r\n",
                      api.id));  // returns when the connection is closed
    } else {
      gate.pass(payload);
      api.respond("1");
    }
  });
  const auto f = allowing(2);
  f->timeout_s = 1;
  auto overlong = start(f, "stream");
  run_until([&] { return count("busy") == 1; });
  run_for(500ms);
  auto other = start(f, "b");
  await_inside(1);
  EXPECT_EQ(finish(std::move(overlong)).error_type, "Sandbox.Timedout");
  EXPECT_EQ(gate.inside(), 1);
  gate.open();
  EXPECT_EQ(finish(std::move(other)).payload, "1");
  run_until([&] { return backend.alive == 0; });
}

TEST_F(ConcurrencyTest, CallsThatAreOverTimeTogether) {
  serve_at_gate(2);
  const auto f = allowing(2);
  f->timeout_s = 1;
  auto first = start(f, "a"), second = start(f, "b");
  EXPECT_EQ(finish(std::move(first)).error_type, "Sandbox.Timedout");
  EXPECT_EQ(finish(std::move(second)).error_type, "Sandbox.Timedout");
  EXPECT_EQ(backend.booted, 1);
  run_until([&] { return backend.alive == 0; });
}

TEST_F(ConcurrencyTest, ACrashFailsEveryCallOnTheInstance) {
  backend.script = [&](FakeRuntime& runtime) {
    start_loops(runtime, 3, [this, number = runtime.number](FakeApi& api, const std::string& payload) {
      gate.pass(payload);
      if (number > 1) api.respond("2");
    });
    if (runtime.number > 1) return runtime.hang();
    gate.pass("crash");
    return exit_status(3);
  };
  const auto f = allowing(3);
  std::vector<std::future<Answer>> calls;
  for (const char* name : {"a", "b", "c"}) calls.push_back(start(f, name));
  await_inside(4);
  gate.let_go("crash");
  for (auto& call : calls) {
    const Outcome outcome = finish(std::move(call));
    EXPECT_EQ(outcome.error_type, "Runtime.ExitError");
    EXPECT_THAT(outcome.payload, HasSubstr("Runtime exited with error: exit status 3"));
  }
  gate.open();
  EXPECT_EQ(invoke(f, "d").payload, "2");
}

TEST_F(ConcurrencyTest, WhatIsRetiredRunsOnUntilItsCallsAreOver) {
  serve_at_gate(2);
  const auto f = allowing(2);
  auto first = start(f, "a"), second = start(f, "b");
  await_inside(2);
  engine().retire(f->name, {});
  gate.let_go("a");
  EXPECT_EQ(finish(std::move(first)).payload, "1");
  run_for(20ms);
  EXPECT_EQ(backend.alive, 1);
  gate.open();
  EXPECT_EQ(finish(std::move(second)).payload, "1");
  run_until([&] { return backend.alive == 0; });
}

TEST_F(ConcurrencyTest, AnIdleInstanceEnds) {
  options.idle_timeout = 50ms;
  serve_at_gate(2);
  const auto f = allowing(2);
  auto first = start(f, "a"), second = start(f, "b");
  await_inside(2);
  gate.let_go("a");
  finish(std::move(first));
  run_for(100ms);
  EXPECT_EQ(backend.alive, 1);  // it is not idle
  gate.open();
  finish(std::move(second));
  run_until([&] { return backend.alive == 0; });
}

TEST_F(ConcurrencyTest, ALoopThatIsStillAtWorkHasNoPlace) {
  serve(2, [this](FakeApi& api, const std::string& payload) {
    if (payload == "a") gate.pass("call");
    api.respond(payload);
    if (payload == "b") gate.pass("afterwards");
  });
  const auto f = allowing(2);
  auto first = start(f, "a");
  await_inside(1);
  EXPECT_EQ(invoke(f, "b").payload, "b");
  await_inside(2);
  auto third = start(f, "c");  // the one place is taken, in the other nobody asks
  EXPECT_EQ(finish(std::move(third)).payload, "c");
  EXPECT_EQ(backend.booted, 2);
  gate.open();
  EXPECT_EQ(finish(std::move(first)).payload, "a");
}

TEST_F(ConcurrencyTest, ReservedConcurrencyCountsCalls) {
  serve_at_gate(4);
  const auto f = allowing(4);
  engine().set_reserved_concurrency(f->name, 2);
  auto first = start(f, "a"), second = start(f, "b");
  await_inside(2);
  EXPECT_EQ(refused(f).message, kReservedLimit);
  gate.open();
  finish(std::move(first));
  finish(std::move(second));
}

TEST_F(ConcurrencyTest, PlacesOfProvisionedInstancesAreUsed) {
  serve_at_gate(2);
  const auto f = allowing(2);
  engine().set_provisioned_concurrency(f, 1);
  run_until([&] { return engine().provisioned_ready(f->name, f->version) == 1; });
  auto first = start(f, "a"), second = start(f, "b");
  await_inside(2);
  EXPECT_EQ(backend.booted, 1);
  gate.open();
  finish(std::move(first));
  finish(std::move(second));
  run(engine().meter_now());
  const auto on_provisioned = std::ranges::count(metered, true, &UsageRecord::on_provisioned);
  EXPECT_EQ(on_provisioned, 2);
}

TEST_F(ConcurrencyTest, TheRecordsSumUpToTheInstancesTotal) {
  backend.script = [this](FakeRuntime& runtime) {
    start_loops(runtime, 2, [this](FakeApi& api, const std::string& payload) {
      gate.pass(payload);
      api.respond("1");
    });
    const int status = runtime.hang();
    runtime.exit.cpu_nanos = 9'000'000;
    return status;
  };
  options.idle_timeout = 1ms;
  backend.cpu_nanos = 5'000'000;
  const auto f = allowing(2);
  auto first = start(f, "a"), second = start(f, "b");
  await_inside(2);
  gate.open();
  finish(std::move(first));
  finish(std::move(second));
  run_until([&] { return backend.alive == 0; });
  std::uint64_t sum = 0, calls = 0;
  for (const UsageRecord& record : metered) {
    sum += record.cpu_nanos;
    calls += record.kind == UsageRecord::Kind::call ? 1 : 0;
  }
  EXPECT_EQ(calls, 2u);
  EXPECT_EQ(sum, 9'000'000u);
}

TEST_F(ConcurrencyTest, ACallThatIsOverBeforeTheFirstOneKnowsItsMemory) {
  serve_at_gate(2);
  const auto f = allowing(2);
  auto first = start(f, "a"), second = start(f, "b");
  await_inside(2);
  gate.let_go("b");
  EXPECT_THAT(finish(std::move(second)).log_tail, HasSubstr("Max Memory Used: 10 MB"));
  gate.open();
  finish(std::move(first));
}

TEST_F(ConcurrencyTest, ATailHasTheCallsOwnLinesAndWhatWasPrintedMeanwhile) {
  backend.script = [this](FakeRuntime& runtime) {
    start_loops(runtime, 2, [this, &runtime](FakeApi& api, const std::string& payload) {
      runtime.print("begins " + payload + "\n");
      gate.pass(payload);
      runtime.print("ends " + payload + "\n");
      api.respond("1");
    });
    return runtime.hang();
  };
  const auto f = allowing(2);
  auto first = start(f, "a");
  await_inside(1);
  auto second = start(f, "b");
  await_inside(2);
  gate.let_go("a");
  const Outcome a = finish(std::move(first));
  gate.let_go("b");
  const Outcome b = finish(std::move(second));
  for (const Outcome* one : {&a, &b}) {
    for (const char* line : {"START", "END", "REPORT"}) {
      const auto begin = one->log_tail.find(std::string(line) + " RequestId");
      ASSERT_NE(begin, std::string::npos) << one->log_tail;
      EXPECT_EQ(one->log_tail.find(std::string(line) + " RequestId", begin + 1), std::string::npos) << one->log_tail;
    }
  }
  EXPECT_THAT(a.log_tail, HasSubstr("begins a\n"));
  EXPECT_THAT(a.log_tail, HasSubstr("begins b\n"));
  EXPECT_THAT(a.log_tail, HasSubstr("ends a\n"));
  EXPECT_THAT(a.log_tail, Not(HasSubstr("ends b\n")));
  EXPECT_THAT(b.log_tail, HasSubstr("ends a\n"));
  EXPECT_THAT(b.log_tail, HasSubstr("ends b\n"));
  run_until([&] { return count("idle") == 1; });  // its loops print no more
}

TEST_F(ConcurrencyTest, StopCutsOffAllCalls) {
  serve_at_gate(2);
  const auto f = allowing(2);
  auto first = start(f, "a"), second = start(f, "b");
  await_inside(2);
  run(engine().stop(0ms));
  EXPECT_EQ(error(std::move(first)).code, Errc::unavailable);
  EXPECT_EQ(error(std::move(second)).code, Errc::unavailable);
}

TEST_F(ConcurrencyTest, ASecondAnswerIsRefusedEvenIfOthersCameMeanwhile) {
  std::atomic<int> done = 0;
  serve(2, [&](FakeApi& api, const std::string& payload) {
    gate.pass(payload);
    EXPECT_EQ(api.respond("1").status, 202u);
    gate.pass("again");
    EXPECT_EQ(member(api.respond("2").body, "errorType"), "InvalidStateTransition");
    ++done;
  });
  const auto f = allowing(2);
  auto first = start(f, "a"), second = start(f, "b");
  await_inside(2);
  gate.let_go("b");
  EXPECT_EQ(finish(std::move(second)).payload, "1");
  gate.let_go("a");
  EXPECT_EQ(finish(std::move(first)).payload, "1");
  gate.let_go("again");
  run_until([&] { return done == 2; });
}

TEST_F(ConcurrencyTest, ARequestOfAClientThatIsGoneGetsNoCall) {
  backend.script = [this](FakeRuntime& runtime) {
    (void)FakeApi(runtime).send("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n");
    start_loops_at_gate(runtime, 1);
    return runtime.hang();
  };
  const auto f = allowing(3);
  auto first = start(f, "a");
  await_inside(1);
  auto second = start(f, "b");
  await_inside(2);
  EXPECT_EQ(backend.booted, 2);
  gate.open();
  EXPECT_EQ(finish(std::move(first)).payload, "1");
  EXPECT_EQ(finish(std::move(second)).payload, "2");
}

TEST_F(ConcurrencyTest, AReplyDoesNotWaitForTheLoopsOfOthers) {
  serve(2, [this](FakeApi& api, const std::string& payload) {
    api.respond(payload);
    if (payload == "slow") gate.pass(payload);  // asks for the next one later
  });
  const auto f = allowing(2);
  EXPECT_EQ(finish(start(f, "slow")).payload, "slow");
  await_inside(1);
  constexpr std::int64_t kNextGraceUs = 10'000;  // runtime_api.cpp; what each would take if it waited
  std::int64_t quickest_us = kNextGraceUs;
  for (int i = 0; i < 50 && quickest_us >= kNextGraceUs; ++i) {
    const Outcome quick = finish(start(f, "quick"));
    EXPECT_EQ(quick.payload, "quick");
    quickest_us = std::min(quickest_us, quick.timing.run_us);
  }
  EXPECT_LT(quickest_us, kNextGraceUs);
}

TEST_F(ConcurrencyTest, ALoopTooManyReplacesTheOldestRequest) {
  serve_at_gate(3);
  const auto f = allowing(2);
  auto first = start(f, "a"), second = start(f, "b"), third = start(f, "c");
  await_inside(3);
  EXPECT_EQ(backend.booted, 2);
  run_until([&] { return turned_away == 2; });
  gate.open();
  std::multiset<std::string> instances;
  for (auto* call : {&first, &second, &third}) instances.insert(finish(std::move(*call)).payload);
  EXPECT_TRUE(instances == std::multiset<std::string>({"1", "1", "2"}) || instances == std::multiset<std::string>({"1", "2", "2"}));
}

}  // namespace
}  // namespace wick::invoke
