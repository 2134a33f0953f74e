// Calls that wait for a busy instance where that is quicker than a start, and only there.
#include <atomic>

#include "invoke/engine_fixture.h"

namespace wick::invoke {
namespace {

struct WaitTest : EngineTest {
  WaitTest() {
    options.processors = 1;
    backend.script = [this](FakeRuntime& runtime) {
      if (runtime.number == hangs_at) return runtime.hang();
      runtime.send(FrameType::ready);
      while (const auto invoke = runtime.next()) {
        if (invoke->payload == "stuck") return runtime.hang();
        std::this_thread::sleep_for(std::chrono::milliseconds(run_ms));
        runtime.send(FrameType::result, std::to_string(runtime.number));
      }
      return 0;
    };
  }
  std::atomic<int> hangs_at = 0;  // in its init
  std::atomic<int> run_ms = 20;   // where the first start is expected to take about 90
};

TEST_F(WaitTest, ShortRunsAreWaitedForInTheOrderOfTheCalls) {
  const auto f = version();
  invoke(f);
  auto first = start(f), second = start(f), third = start(f);
  EXPECT_EQ(finish(std::move(first)).payload, "1");
  EXPECT_EQ(second.wait_for(0s), std::future_status::timeout);
  const Outcome outcome = finish(std::move(second));
  EXPECT_EQ(outcome.payload, "1");
  EXPECT_FALSE(outcome.timing.cold());
  EXPECT_GE(outcome.timing.queue_us, 1000);
  EXPECT_EQ(third.wait_for(0s), std::future_status::timeout);
  EXPECT_EQ(finish(std::move(third)).payload, "1");
  EXPECT_EQ(backend.booted, 1);
}

TEST_F(WaitTest, LongRunsAreNot) {
  run_ms = 150;
  const auto f = version();
  invoke(f);
  auto first = start(f), second = start(f);
  finish(std::move(first));
  EXPECT_TRUE(finish(std::move(second)).timing.cold());
  EXPECT_EQ(backend.booted, 2);
}

TEST_F(WaitTest, WhoWaitedInVainStartsOne) {
  const auto f = version();
  run_ms = 1;
  invoke(f);
  auto stuck = start(f, "stuck");
  run_until([&] { return count("busy") == 1; });
  EXPECT_EQ(invoke(f).payload, "2");
  EXPECT_EQ(backend.booted, 2);
  run(engine().stop(0ms));
  EXPECT_EQ(error(std::move(stuck)).code, Errc::unavailable);
}

TEST_F(WaitTest, WhoWaitsForATurnGetsWhatIsIdleOneAfterAnother) {
  options.starts_at_once = 1;
  run_ms = 120;
  const auto f = version();
  invoke(f);
  hangs_at = 2;
  auto other = start(version("other"));  // has the only turn
  run_until([&] { return backend.booted == 2; });
  auto first = start(f), second = start(f), third = start(f);
  for (auto* call : {&first, &second, &third}) EXPECT_EQ(finish(std::move(*call)).payload, "1");
  run(engine().stop(0ms));
  EXPECT_EQ(error(std::move(other)).code, Errc::unavailable);
}

TEST_F(WaitTest, AnInstanceThatEndsMeanwhileIsReplaced) {
  const auto f = version();
  invoke(f);
  auto last = start(f);
  auto waiting = start(f);
  run_until([&] { return count("busy") == 1; });
  engine().retire(f->name, {});
  finish(std::move(last));
  EXPECT_EQ(finish(std::move(waiting)).payload, "2");
}

}  // namespace
}  // namespace wick::invoke
