// What the engine says of each call's use, and of instances beside calls.
#include <gmock/gmock.h>

#include "invoke/engine_fixture.h"

namespace wick::invoke {
namespace {

using Kind = UsageRecord::Kind;
using End = UsageRecord::End;

int echo(FakeRuntime& runtime) {
  runtime.send(FrameType::ready);
  while (const auto invoke = runtime.next()) runtime.send(FrameType::result, invoke->payload);
  runtime.exit.cpu_nanos = 9'000'000;
  return 0;
}

struct UsageTest : EngineTest {
  UsageTest() { backend.script = echo; }
  void settle() { run(engine().meter_now()); }
  std::vector<UsageRecord> calls() const {
    std::vector<UsageRecord> out;
    std::ranges::copy_if(metered, std::back_inserter(out), [](const UsageRecord& record) { return record.kind == Kind::call; });
    return out;
  }
  std::uint64_t cpu() const {
    std::uint64_t sum = 0;
    for (const UsageRecord& record : metered) sum += record.cpu_nanos;
    return sum;
  }
};

TEST_F(UsageTest, AColdAndAWarmCall) {
  const auto f = version();
  backend.cpu_nanos = 5'000'000;
  const Outcome first = invoke(f, R"({"a":1})");
  const Outcome second = invoke(f, R"({"b":22})");
  settle();
  ASSERT_EQ(calls().size(), 2u);
  const UsageRecord cold = calls()[0], warm = calls()[1];
  EXPECT_EQ(cold.end, End::success);
  EXPECT_EQ(cold.version, f);
  EXPECT_EQ(cold.instance.str(), fmt::format("{:032x}", 1));
  EXPECT_EQ(cold.timing.level, StartLevel::boot);
  EXPECT_GT(cold.timing.start_us, 0);
  EXPECT_GT(cold.timing.init_us, 0);
  EXPECT_EQ(cold.timing.billed_ms, first.timing.billed_ms);
  EXPECT_EQ(cold.timing.memory_peak_mb, 10u);
  EXPECT_EQ(cold.bytes_in, 7u);
  EXPECT_EQ(cold.bytes_out, 7u);
  EXPECT_EQ(cold.cpu_nanos, 5'000'000u);
  EXPECT_EQ(warm.timing.level, StartLevel::idle);
  EXPECT_EQ(warm.timing.start_us + warm.timing.init_us, 0);
  EXPECT_EQ(warm.timing.run_us, second.timing.run_us);
  EXPECT_EQ(warm.bytes_in, 8u);
  EXPECT_GE(warm.time, cold.time);
}

TEST_F(UsageTest, TheRecordsSumUpToTheInstancesTotal) {
  options.idle_timeout = 1ms;
  const auto f = version();
  backend.cpu_nanos = 5'000'000;
  invoke(f);
  run_until([&] { return backend.alive == 0; });
  ASSERT_EQ(calls().size(), 1u);
  EXPECT_EQ(cpu(), 9'000'000u);
}

TEST_F(UsageTest, TheFiguresOfTheReportLine) {
  const Outcome outcome = invoke(version());
  settle();
  ASSERT_EQ(calls().size(), 1u);
  const UsageRecord call = calls()[0];
  const auto ms = [](std::int64_t us) { return fmt::format("{:.2f}", static_cast<double>(us) / 1000); };
  EXPECT_THAT(outcome.log_tail,
              testing::HasSubstr(fmt::format(
                  "REPORT RequestId: {}\tDuration: {} ms\tBilled Duration: {} ms\tMemory Size: 128 MB\tMax Memory Used: {} MB\tInit Duration: {} ms",
                  call.id.str(), ms(call.timing.run_us), call.timing.billed_ms, call.timing.memory_peak_mb, ms(call.timing.init_us))));
}

TEST_F(UsageTest, ReadingsComeByThemselvesWhileCallsWait) {
  const auto f = version();
  invoke(f);
  invoke(f);
  run_until([&] { return calls().size() == 2; });  // about a second
  const int usages = backend.usages;
  run_for(50ms);
  EXPECT_EQ(backend.usages, usages);
}

TEST_F(UsageTest, Failures) {
  backend.script = [](FakeRuntime& runtime) {
    runtime.send(FrameType::ready);
    runtime.next();
    runtime.exit.cpu_nanos = 1'000;
    return exit_status(1);
  };
  const Outcome outcome = invoke(version());
  ASSERT_EQ(calls().size(), 1u);
  EXPECT_EQ(calls()[0].end, End::error);
  EXPECT_EQ(calls()[0].error_type, "Runtime.ExitError");
  EXPECT_EQ(calls()[0].cpu_nanos, 1'000u);
  EXPECT_EQ(calls()[0].bytes_out, outcome.payload.size());

  metered.clear();
  backend.script = [](FakeRuntime& runtime) {
    runtime.send(FrameType::init_failed, R"({"errorType":"ImportError"})");
    return runtime.hang();
  };
  invoke(version());
  ASSERT_EQ(calls().size(), 1u);
  EXPECT_EQ(calls()[0].error_type, "ImportError");

  metered.clear();
  const auto slow = version();
  slow->timeout_s = 1;
  backend.script = [](FakeRuntime& runtime) {
    runtime.send(FrameType::ready);
    runtime.next();
    return runtime.hang();
  };
  invoke(slow);
  ASSERT_EQ(calls().size(), 1u);
  EXPECT_EQ(calls()[0].end, End::timeout);
  EXPECT_EQ(calls()[0].timing.run_us, 1'000'000);
}

TEST_F(UsageTest, WhatDidNotRun) {
  const auto f = version();
  engine().set_reserved_concurrency(f->name, 0);
  refused(f);
  backend.boot_error = Error{Errc::failed_precondition, "no bootstrap"};
  invoke(version("other"));
  backend.boot_error = Error{Errc::io, "no memory"};
  refused(version("other"));
  ASSERT_EQ(calls().size(), 3u);
  EXPECT_EQ(calls()[0].end, End::throttled);
  EXPECT_EQ(calls()[0].error_type, kReservedLimit);
  EXPECT_EQ(calls()[1].end, End::error);
  EXPECT_EQ(calls()[1].error_type, "Runtime.InvalidEntrypoint");
  EXPECT_EQ(calls()[2].end, End::not_started);
  EXPECT_EQ(calls()[2].error_type, "no memory");
}

TEST_F(UsageTest, ACallCutOffByStop) {
  backend.script = [](FakeRuntime& runtime) {
    runtime.send(FrameType::ready);
    runtime.next();
    return runtime.hang();
  };
  auto running = start(version());
  run_until([&] { return count("busy") == 1; });
  run_until([&] { return backend.inits_ended == 1; });
  run(engine().stop(0ms));
  EXPECT_EQ(error(std::move(running)).code, Errc::unavailable);
  ASSERT_EQ(calls().size(), 1u);
  EXPECT_EQ(calls()[0].end, End::cut_off);
}

TEST_F(UsageTest, ProvisionedConcurrencyAndItsInit) {
  const auto f = version();
  backend.cpu_nanos = 2'000'000;
  engine().set_provisioned_concurrency(f, 2);
  run_until([&] { return engine().provisioned_ready(f->name, f->version) == 2 && backend.usages == 2; });
  run_for(10ms);
  engine().set_provisioned_concurrency(f, 0);
  std::uint64_t kept = 0, background = 0;
  for (const UsageRecord& record : metered) {
    kept += record.provisioned_ms;
    if (record.kind == Kind::background) background += record.cpu_nanos;
  }
  EXPECT_GE(kept, 20u);
  EXPECT_EQ(kept % 2, 0u);
  EXPECT_EQ(background, 4'000'000u);
}

TEST_F(UsageTest, CallsOnProvisionedConcurrencySaySo) {
  const auto f = version();
  engine().set_provisioned_concurrency(f, 1);
  run_until([&] { return engine().provisioned_ready(f->name, f->version) == 1; });
  invoke(f);
  settle();
  ASSERT_EQ(calls().size(), 1u);
  EXPECT_TRUE(calls()[0].on_provisioned);
  EXPECT_FALSE(calls()[0].timing.cold());
}

class SlowCaller final : public ResponseStream {
 public:
  explicit SlowCaller(boost::asio::io_context& loop) : timer_(loop) {}
  boost::asio::awaitable<Result<>> begin(std::string) override { co_return Result<>(); }
  boost::asio::awaitable<Result<>> write(std::string) override {
    timer_.expires_after(20ms);
    co_await timer_.async_wait(boost::asio::use_awaitable);
    co_return Result<>();
  }

 private:
  boost::asio::steady_timer timer_;
};

TEST_F(UsageTest, StreamedOutputIsCountedAndItsCallersSlownessTold) {
  backend.script = [](FakeRuntime& runtime) {
    runtime.send(FrameType::ready);
    runtime.next();
    runtime.send(FrameType::stream_begin, "text/plain");
    runtime.send(FrameType::stream_chunk, "1234");
    runtime.send(FrameType::stream_chunk, "56789");
    runtime.send(FrameType::stream_end);
    return runtime.hang();
  };
  SlowCaller caller(loop);
  invoke(version(), "{}", &caller);
  settle();
  ASSERT_EQ(calls().size(), 1u);
  EXPECT_EQ(calls()[0].bytes_out, 9u);
  EXPECT_GE(calls()[0].timing.held_us, 40'000);
  EXPECT_GE(calls()[0].timing.run_us, calls()[0].timing.held_us);
}

}  // namespace
}  // namespace wick::invoke
