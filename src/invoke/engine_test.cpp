#include <gmock/gmock.h>

#include <set>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "invoke/engine_fixture.h"

namespace wick::invoke {
namespace {

// Answers each invocation with its own number and the count of its invocations so far.
int counting(FakeRuntime& runtime) {
  runtime.send(FrameType::ready);
  for (int count = 1; runtime.next(); ++count) {
    runtime.send(FrameType::result, fmt::format(R"({{"instance":{},"count":{}}})", runtime.number, count));
  }
  return 0;
}

// Answers each invocation with its instance's number: at once if the payload is "now", else when released.
class Gate {
 public:
  int operator()(FakeRuntime& runtime) {
    runtime.send(FrameType::ready);
    while (const auto invoke = runtime.next()) {
      if (invoke->payload != "now" && !pass(runtime)) return SIGKILL;
      runtime.send(FrameType::result, std::to_string(runtime.number));
    }
    return 0;
  }
  void release(int permits) { permits_ += permits; }
  int waiting() const { return waiting_; }

 private:
  bool pass(const FakeRuntime& runtime) {
    ++waiting_;
    for (int have = permits_; !runtime.killed; have = permits_) {
      if (have > 0 && permits_.compare_exchange_strong(have, have - 1)) break;
      std::this_thread::sleep_for(1ms);
    }
    --waiting_;
    return !runtime.killed;
  }
  std::atomic<int> permits_ = 0;
  std::atomic<int> waiting_ = 0;
};

struct GatedTest : EngineTest {
  GatedTest() {
    backend.script = [this](FakeRuntime& runtime) { return gate(runtime); };
  }
  void wait_for(int waiting) {
    run_until([&] { return gate.waiting() == waiting; });
  }
  Gate gate;
};

TEST_F(EngineTest, NothingBeforeTheFirstCallThenOneInstanceAgainAndAgain) {
  backend.script = counting;
  const auto f = version();
  EXPECT_EQ(engine().instances().size(), 0u);
  const Outcome first = invoke(f);
  EXPECT_EQ(first.payload, R"({"instance":1,"count":1})");
  EXPECT_EQ(first.function_error, "");
  EXPECT_TRUE(first.timing.cold());
  EXPECT_GT(first.timing.init_us, 0);
  const Outcome second = invoke(f);
  EXPECT_EQ(second.payload, R"({"instance":1,"count":2})");
  EXPECT_FALSE(second.timing.cold());
  EXPECT_EQ(second.timing.init_us, 0);
  EXPECT_EQ(backend.booted, 1);
  EXPECT_EQ(backend.inits_ended, 1);
  EXPECT_EQ(count("idle"), 1);
}

TEST_F(EngineTest, TheRuntimeGetsPayloadAndMeta) {
  backend.script = [](FakeRuntime& runtime) {
    runtime.send(FrameType::ready);
    while (const auto invoke = runtime.next()) runtime.send(FrameType::result, fmt::format("[{},{}]", invoke->meta, invoke->payload));
    return 0;
  };
  Invocation call = invocation(version(), R"({"a":1})");
  call.client_context = R"({"b":"c\n"})";
  call.trace_id = "Root=1-2-3";
  const std::string id = call.id.str();
  const auto before = unix_millis(Clock::system().now());
  const auto out = boost::json::parse(finish(boost::asio::co_spawn(loop, engine().invoke(call), boost::asio::use_future)).payload);
  const auto& meta = out.at(0).as_object();
  EXPECT_EQ(out.at(1), boost::json::parse(R"({"a":1})"));
  EXPECT_EQ(meta.at("requestId").as_string(), id);
  EXPECT_EQ(meta.at("clientContext").as_string(), R"({"b":"c\n"})");
  EXPECT_EQ(meta.at("traceId").as_string(), "Root=1-2-3");
  EXPECT_EQ(meta.at("arn").as_string(), "arn:aws:lambda:us-east-1:000000000000:function:f");
  EXPECT_GE(meta.at("deadlineMs").as_int64(), before + 3000);
  EXPECT_LE(meta.at("deadlineMs").as_int64(), before + 20'000);
}

TEST_F(EngineTest, TheLargestPayloadGoesBothWays) {
  backend.script = [](FakeRuntime& runtime) {
    runtime.send(FrameType::ready);
    while (const auto invoke = runtime.next()) runtime.send(FrameType::result, invoke->payload);
    return 0;
  };
  const std::string payload(kPayloadMax, 'x');
  EXPECT_TRUE(invoke(version(), payload).payload == payload);
}

TEST_F(GatedTest, ConcurrentCallsGetConcurrentInstancesAndTheLastUsedIsUsedFirst) {
  const auto f = version();
  std::vector<std::future<Answer>> calls;
  for (int i = 0; i < 8; ++i) calls.push_back(start(f));
  wait_for(8);
  EXPECT_EQ(count("busy"), 8);
  gate.release(8);
  std::set<std::string> seen;
  for (auto& call : calls) seen.insert(finish(std::move(call)).payload);
  EXPECT_EQ(seen.size(), 8u);
  EXPECT_EQ(count("idle"), 8);

  gate.release(2);
  const std::string last = invoke(f).payload;
  EXPECT_EQ(invoke(f).payload, last);
  EXPECT_EQ(backend.booted, 8);
}

TEST_F(EngineTest, NoMoreStartAtOnceThanMayAndNoCallIsLost) {
  options.starts_at_once = 2;
  std::atomic<int> starting = 0;
  std::atomic<int> most = 0;
  backend.script = [&](FakeRuntime& runtime) {
    const int now = ++starting;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) continue;
    std::this_thread::sleep_for(5ms);  // an init that takes a while
    --starting;
    runtime.send(FrameType::ready);
    while (runtime.next()) runtime.send(FrameType::result, "1");
    return 0;
  };
  const auto one = version();
  std::vector<std::future<Answer>> calls;
  for (int i = 0; i < 20; ++i) calls.push_back(start(one));
  calls.push_back(start(version("other")));
  for (auto& call : calls) EXPECT_EQ(finish(std::move(call)).payload, "1");
  EXPECT_EQ(most, 2);
}

TEST_F(EngineTest, TheCodeOfAnInstanceStaysOnDisk) {
  backend.script = counting;
  const auto f = version();
  invoke(f);
  EXPECT_EQ(sweep(), 0u);
  engine().retire(f->name, {});
  run_until([&] { return sweep() == 1; });
  EXPECT_EQ(invoke(f).payload, R"({"instance":2,"count":1})");
}

TEST_F(EngineTest, AnIdleInstanceEndsAfterTheIdleTimeout) {
  options.idle_timeout = 50ms;
  backend.script = counting;
  const auto f = version();
  invoke(f);
  for (int i = 0; i < 4; ++i) {
    run_for(20ms);
    EXPECT_EQ(invoke(f).payload, fmt::format(R"({{"instance":1,"count":{}}})", i + 2));
  }
  run_until([&] { return backend.alive == 0; });
  EXPECT_EQ(engine().instances().size(), 0u);
  EXPECT_EQ(invoke(f).payload, R"({"instance":2,"count":1})");
}

TEST_F(EngineTest, AnInstanceThatDiedIdleIsNotNoticedByTheNextCall) {
  backend.script = [](FakeRuntime& runtime) {
    runtime.send(FrameType::ready);
    if (runtime.next()) runtime.send(FrameType::result, std::to_string(runtime.number));
    return exit_status(1);  // at once, while it counts as idle
  };
  const auto f = version();
  for (int i = 1; i <= 20; ++i) {
    const Outcome outcome = invoke(f);
    EXPECT_EQ(outcome.function_error, "");
    EXPECT_EQ(outcome.payload, std::to_string(i));
  }
}

TEST_F(GatedTest, ACancelledCallerDoesNotStopTheInvocation) {
  boost::asio::cancellation_signal caller;
  auto call = boost::asio::co_spawn(loop, engine().invoke(invocation(version())),
                                    boost::asio::bind_cancellation_slot(caller.slot(), boost::asio::use_future));
  wait_for(1);
  caller.emit(boost::asio::cancellation_type::all);
  run_for(10ms);
  gate.release(1);
  EXPECT_EQ(finish(std::move(call)).payload, "1");
  EXPECT_EQ(count("idle"), 1);
}

TEST_F(GatedTest, ReservedConcurrencyIsALimit) {
  const auto f = version();
  engine().set_reserved_concurrency(f->name, 2);
  auto first = start(f), second = start(f);
  wait_for(2);
  EXPECT_EQ(refused(f).code, Errc::throttled);
  EXPECT_EQ(refused(f).message, kReservedLimit);
  gate.release(1);
  run_until([&] { return gate.waiting() == 1 && count("idle") == 1; });
  gate.release(2);
  EXPECT_EQ(invoke(f).function_error, "");
  finish(std::move(first));
  finish(std::move(second));

  engine().set_reserved_concurrency(f->name, 0);
  EXPECT_EQ(refused(f).message, kReservedLimit);
  engine().set_reserved_concurrency(f->name, std::nullopt);
  gate.release(1);
  invoke(f);
}

TEST_F(GatedTest, TheAccountsConcurrencyIsALimitOfWhatIsNotReserved) {
  options.account_concurrency = 3;
  const auto f = version("f"), g = version("g");
  engine().set_reserved_concurrency(g->name, 1);
  auto first = start(f), second = start(f);
  wait_for(2);
  EXPECT_EQ(refused(f).message, kAccountLimit);
  auto third = start(g);
  wait_for(3);
  EXPECT_EQ(refused(g).message, kReservedLimit);
  gate.release(3);
  for (auto* call : {&first, &second, &third}) finish(std::move(*call));
}

TEST_F(GatedTest, RetireLetsGoOfOldGenerationsAndFinishesWhatRuns) {
  const auto old = version(), now = version(), other = version("g");
  auto running = start(old), idle = start(old);
  wait_for(2);
  gate.release(1);
  run_until([&] { return count("idle") == 1; });
  for (const auto& one : {now, other}) invoke(one, "now");
  EXPECT_EQ(count("idle"), 3);
  EXPECT_EQ(count("busy"), 1);
  engine().retire(old->name, {now->generation});
  run_until([&] { return backend.alive == 3; });
  EXPECT_EQ(count("idle"), 2);
  gate.release(1);
  EXPECT_EQ(finish(std::move(running)).function_error, "");
  finish(std::move(idle));
  run_until([&] { return backend.alive == 2; });
  invoke(now, "now");
  EXPECT_EQ(backend.booted, 4);
}

TEST_F(GatedTest, StopWaitsForWhatRunsThenRefuses) {
  auto running = start(version());
  wait_for(1);
  auto stopped = boost::asio::co_spawn(loop, engine().stop(20s), boost::asio::use_future);
  run_for(20ms);
  EXPECT_EQ(refused(version()).code, Errc::unavailable);
  EXPECT_NE(stopped.wait_for(0s), std::future_status::ready);
  gate.release(1);
  EXPECT_EQ(finish(std::move(running)).payload, "1");
  run_until([&] { return stopped.wait_for(0s) == std::future_status::ready; });
  EXPECT_EQ(backend.alive, 0);
}

TEST_F(GatedTest, StopCutsOffWhatOutlastsItsGrace) {
  auto running = start(version());
  wait_for(1);
  run(engine().stop(10ms));
  EXPECT_EQ(backend.alive, 0);
  EXPECT_EQ(error(std::move(running)).code, Errc::unavailable);
}

TEST_F(EngineTest, StopDuringInit) {
  backend.script = [](FakeRuntime& runtime) { return runtime.hang(); };
  auto running = start(version());
  run_until([&] { return count("init") == 1; });
  run(engine().stop(10ms));
  EXPECT_EQ(error(std::move(running)).code, Errc::unavailable);
}

TEST_F(GatedTest, ProvisionedConcurrencyIsKeptReadyAndUsedFirst) {
  const auto f = version();
  f->version = "1";
  engine().set_provisioned_concurrency(f, 2);
  run_until([&] { return engine().provisioned_ready(f->name, "1") == 2; });
  EXPECT_EQ(count("idle"), 2);
  auto first = start(f), second = start(f);
  wait_for(2);
  EXPECT_EQ(backend.booted, 2);
  auto third = start(f);  // spills over
  wait_for(3);
  gate.release(3);
  EXPECT_FALSE(finish(std::move(first)).timing.cold());
  EXPECT_FALSE(finish(std::move(second)).timing.cold());
  EXPECT_TRUE(finish(std::move(third)).timing.cold());

  engine().set_provisioned_concurrency(f, 1);
  run_until([&] { return backend.alive == 2; });
  EXPECT_EQ(engine().provisioned_ready(f->name, "1"), 1u);
  engine().set_provisioned_concurrency(f, 0);
  run_until([&] { return backend.alive == 1; });
}

TEST_F(GatedTest, ProvisionedConcurrencyIsTakenOutOfTheReserved) {
  const auto latest = version(), published = version();
  published->version = "1";
  engine().set_reserved_concurrency(latest->name, 1);
  engine().set_provisioned_concurrency(published, 1);
  run_until([&] { return engine().provisioned_ready(published->name, "1") == 1; });
  EXPECT_EQ(refused(latest).message, kReservedLimit);
  gate.release(1);
  EXPECT_EQ(invoke(published).function_error, "");
}

TEST_F(EngineTest, AProvisionedInstanceThatEndsIsReplaced) {
  options.idle_timeout = 10ms;
  backend.script = [](FakeRuntime& runtime) {
    const bool provisioned = std::ranges::count(runtime.spec.environment, "AWS_LAMBDA_INITIALIZATION_TYPE=provisioned-concurrency") == 1;
    if (!provisioned) return 1;
    runtime.send(FrameType::ready);
    runtime.next();
    return exit_status(1);
  };
  const auto f = version();
  engine().set_provisioned_concurrency(f, 1);
  run_until([&] { return engine().provisioned_ready(f->name, f->version) == 1; });
  run_for(30ms);  // the idle timeout is not for it
  EXPECT_EQ(backend.booted, 1);
  EXPECT_EQ(invoke(f).error_type, "Runtime.ExitError");
  run_until([&] { return backend.booted == 2 && engine().provisioned_ready(f->name, f->version) == 1; });
}

TEST_F(EngineTest, FailedProvisioningIsTriedAgainLaterNotAtOnce) {
  backend.script = [](FakeRuntime&) { return exit_status(1); };
  engine().set_provisioned_concurrency(version(), 3);
  run_until([&] { return !logged.empty(); });
  run_for(50ms);
  EXPECT_EQ(backend.booted, 1);
  EXPECT_THAT(logged.back().message, testing::HasSubstr("INIT_REPORT"));
}

TEST_F(EngineTest, ABootThatFailsIsAnErrorAndTheNextCallTriesAgain) {
  backend.script = counting;
  backend.boot_error = Error{Errc::io, "no more processes"};
  EXPECT_EQ(refused(version()).code, Errc::internal);
  backend.boot_error = Error{Errc::throttled, "too many instances"};
  EXPECT_EQ(refused(version()).message, kAccountLimit);
  backend.boot_error.reset();
  EXPECT_EQ(invoke(version()).function_error, "");
}

TEST_F(EngineTest, MemoryUseIsFreshColdAndNotAskedForOnTheWarmWay) {
  backend.script = counting;
  const auto f = version();
  EXPECT_EQ(invoke(f).timing.memory_peak_mb, 10u);
  for (int i = 0; i < 10; ++i) invoke(f);
  EXPECT_EQ(backend.usages, 1);
}

}  // namespace
}  // namespace wick::invoke
