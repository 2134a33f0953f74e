// Several calls on one instance, when it, or the engine, is to end: what has its time runs on, nothing waits for what does not come.
#include <gmock/gmock.h>

#include "invoke/concurrency_fixture.h"
#include "invoke/fake_caller.h"

namespace wick::invoke {
namespace {

struct DrainingTest : ConcurrencyTest {
  std::future<void> stop(Millis grace) { return boost::asio::co_spawn(loop, engine().stop(grace), boost::asio::use_future); }
  static bool is_over(const auto& future) { return future.wait_for(0s) == std::future_status::ready; }
  static auto now() { return std::chrono::steady_clock::now(); }
};

// In a stream, all of it at once; it returns when that has been taken.
void stream(FakeApi& api) {
  api.raw(
      fmt::format("POST /2018-06-01/runtime/invocation/{}/response HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                  "Lambda-Runtime-Function-Response-Mode: streaming\r\n\r\n5\r\nwhole\r\n0\r\n\r\n",
                  api.id));
}

struct ShortMemoryTest : DrainingTest {
  ShortMemoryTest() {
    options.memory_available = [this] {
      ++readings;
      return available;
    };
  }
  void await_reading() {
    run_until([this, before = readings] { return readings > before; });
  }
  double available = 0.5;
  int readings = 0;
};

TEST_F(ShortMemoryTest, AnInstanceWithACallStaysAndItsFreePlaceIsUsed) {
  serve_at_gate(2);
  const auto f = allowing(2);
  auto first = start(f, "a");
  await_inside(1);
  available = 0.05;
  await_reading();
  auto second = start(f, "b");
  await_inside(2);
  EXPECT_EQ(backend.booted, 1);
  gate.open();
  EXPECT_EQ(finish(std::move(first)).payload, "1");
  EXPECT_EQ(finish(std::move(second)).payload, "1");
  run_until([&] { return backend.alive == 0; });
}

TEST_F(ShortMemoryTest, WhereNothingStartsAPlaceThatIsGivenBackGoesToTheCallThatWaits) {
  serve_at_gate(2);
  const auto f = allowing(2);
  auto first = start(f, "a"), second = start(f, "b");
  await_inside(2);
  available = 0.01;
  await_reading();
  auto third = start(f, "c");
  run_for(50ms);
  EXPECT_EQ(gate.inside(), 2);
  gate.let_go("a");
  EXPECT_EQ(finish(std::move(first)).payload, "1");
  await_inside(2);
  EXPECT_EQ(backend.booted, 1);
  gate.open();
  EXPECT_EQ(finish(std::move(second)).payload, "1");
  EXPECT_EQ(finish(std::move(third)).payload, "1");
}

TEST_F(DrainingTest, StopLeavesTheCallsOnAnInstanceTheGraceAndCutsOffTheRest) {
  serve_at_gate(3);
  const auto f = allowing(3);
  auto first = start(f, "a"), second = start(f, "b");
  await_inside(2);
  auto stopped = stop(300ms);
  run_for(20ms);
  EXPECT_EQ(refused(f).code, Errc::unavailable);
  gate.let_go("a");
  EXPECT_EQ(finish(std::move(first)).payload, "1");
  EXPECT_EQ(backend.alive, 1);
  EXPECT_FALSE(is_over(stopped));
  EXPECT_EQ(error(std::move(second)).code, Errc::unavailable);
  run_until([&] { return is_over(stopped); });
  EXPECT_EQ(backend.alive, 0);
  EXPECT_EQ(metered.size(), 2u);
}

TEST_F(DrainingTest, StopIsOverWhenTheLastCallIs) {
  serve_at_gate(2);
  const auto f = allowing(2);
  auto first = start(f, "a"), second = start(f, "b");
  await_inside(2);
  const auto began = now();
  auto stopped = stop(60s);
  gate.let_go("a");
  EXPECT_EQ(finish(std::move(first)).payload, "1");
  gate.let_go("b");
  EXPECT_EQ(finish(std::move(second)).payload, "1");
  run_until([&] { return is_over(stopped); });
  EXPECT_LT(now() - began, 10s);
  EXPECT_EQ(backend.alive, 0);
}

struct HungInitTest : DrainingTest {
  // The first instance's runtime never asks.
  void serve_after_one_that_hangs() {
    serve_at_gate(4);
    backend.script = [ready = backend.script](FakeRuntime& runtime) { return runtime.number == 1 ? runtime.hang() : ready(runtime); };
  }
};

TEST_F(HungInitTest, CallsWaitForItAsLongAsAnInitMayTake) {
  options.init_timeout = 200ms;
  serve_after_one_that_hangs();
  const auto f = allowing(4);
  f->timeout_s = 2;
  auto first = start(f, "a");
  run_until([&] { return backend.booted == 1; });
  const auto began = now();
  auto second = start(f, "b"), third = start(f, "c");
  run_for(100ms);
  EXPECT_EQ(backend.booted, 1);
  gate.let_go("b");
  gate.let_go("c");
  EXPECT_NE(finish(std::move(second)).payload, "1");
  EXPECT_NE(finish(std::move(third)).payload, "1");
  EXPECT_LT(now() - began, 1500ms);
  EXPECT_FALSE(is_over(first));
  EXPECT_EQ(finish(std::move(first)).error_type, "Sandbox.Timedout");
}

TEST_F(HungInitTest, StopRefusesTheCallsThatWaitForItAtOnce) {
  serve_after_one_that_hangs();
  const auto f = allowing(4);
  auto first = start(f, "a");
  run_until([&] { return backend.booted == 1; });
  auto second = start(f, "b"), third = start(f, "c");
  run_for(20ms);
  const auto began = now();
  auto stopped = stop(2s);
  EXPECT_EQ(error(std::move(second)).code, Errc::unavailable);
  EXPECT_EQ(error(std::move(third)).code, Errc::unavailable);
  EXPECT_LT(now() - began, 1s);
  EXPECT_EQ(error(std::move(first)).code, Errc::unavailable);
  run_until([&] { return is_over(stopped); });
  EXPECT_EQ(metered.size(), 3u);
}

TEST_F(DrainingTest, ACallDoesNotWaitForARuntimeThatGoesBackOnItsFirstRequest) {
  backend.script = [](FakeRuntime& runtime) {
    (void)FakeApi(runtime).send("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n");
    return runtime.hang();
  };
  const auto f = allowing(2);
  f->timeout_s = 20;
  const auto began = now();
  EXPECT_EQ(invoke(f).error_type, "Runtime.ExitError");
  EXPECT_LT(now() - began, 3s);
}

TEST_F(DrainingTest, AnAnswerThatCameInTimeIsTheCallersThoughItsLoopIsLateToAskAgain) {
  std::atomic<unsigned> status = 0;
  serve(2, [&](FakeApi& api, const std::string& payload) {
    if (payload == "late") {
      std::this_thread::sleep_until(std::chrono::system_clock::time_point(Millis(api.deadline_ms - 5)));
      status = api.respond("1").status;
    }
    gate.pass(payload);
    if (payload != "late") api.respond("2");
  });
  const auto f = allowing(2);
  f->timeout_s = 1;
  auto first = start(f, "late");
  run_for(500ms);
  auto second = start(f, "b");
  const Outcome late = finish(std::move(first));
  run_until([&] { return status > 0; });
  EXPECT_EQ(late.payload == "1", status == 202) << late.payload << " " << status;
  gate.open();
  EXPECT_EQ(finish(std::move(second)).payload, "2");
  EXPECT_EQ(backend.booted, 1);
}

// One call is over its time while another's answer waits for its caller to read it.
struct SlowReaderTest : DrainingTest {
  void SetUp() override {
    serve(2, [this](FakeApi& api, const std::string& payload) {
      if (payload == "stream") return stream(api);
      gate.pass(payload);
      api.respond("1");
    });
    f->timeout_s = 1;
    caller.held = true;
    overlong = start(f, "a");
    await_inside(1);
    run_for(500ms);
    streamed = start(f, "stream", &caller);
    run_until([&] { return caller.begun == 1; });
    EXPECT_EQ(finish(std::move(overlong)).error_type, "Sandbox.Timedout");
    EXPECT_EQ(count("busy"), 1);
  }
  std::shared_ptr<function::Version> f = allowing(2);
  FakeCaller caller{loop};
  std::future<Answer> overlong, streamed;
};

TEST_F(SlowReaderTest, WhoReadsInTimeHasTheWholeAnswer) {
  caller.held = false;
  EXPECT_EQ(finish(std::move(streamed)).error_type, "");
  EXPECT_EQ(caller.received, "whole");
  run_until([&] { return backend.alive == 0; });
  EXPECT_EQ(backend.booted, 1);
  EXPECT_EQ(metered.size(), 2u);
}

TEST_F(SlowReaderTest, WhoDoesNotKeepsNoInstanceOverItsDeadline) {
  run_until([&] { return backend.alive == 0; });
  EXPECT_FALSE(is_over(streamed));
  caller.held = false;
  EXPECT_EQ(finish(std::move(streamed)).error_type, "Sandbox.Timedout");
  EXPECT_EQ(metered.size(), 2u);
}

}  // namespace
}  // namespace wick::invoke
