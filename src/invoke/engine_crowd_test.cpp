// Short calls, more of them at once than the processors can run, on a machine whose processors are contended: few instances serve them.
#include <array>
#include <semaphore>

#include "invoke/engine_fixture.h"

namespace wick::invoke {
namespace {

constexpr int kInstances = 4;
constexpr int kNumbers = kInstances + 2;  // from 1, and one that is started later

struct CrowdTest : EngineTest {
  struct StoppedClock : Clock {
    WallTime now() const override { return WallTime(std::chrono::hours(1)); }
    MonoTime monotonic() const override { return time; }
    MonoTime time{1h};
  };

  CrowdTest() {
    clock = &stopped;
    options.processors = 2;
    options.waited_for_processor = [this] { return stopped.time.time_since_epoch(); };
    backend.script = [this](FakeRuntime& runtime) {
      runtime.send(FrameType::ready);
      std::string number;  // of the call that it is held for
      while (const auto invoke = runtime.next()) {
        if (number.empty()) {
          number = invoke->payload;
          while (!runtime.killed && !let_go.at(std::stoul(number)).try_acquire_for(5ms)) {
          }
        }
        runtime.send(FrameType::result, number);
      }
      return 0;
    };
  }
  // Each call on an instance of its own: nothing is known of the function's runs yet. Then one is over, and they count as short.
  void hold_all() {
    for (int i = 1; i <= kInstances; ++i) {
      held.push_back(start(f, std::to_string(i)));
      run_until([&] { return count("busy") == i; });
    }
    free(1);
    wait_of_a_call();  // the first reading of the time that was waited says nothing yet
    stopped.time += 10ms;
  }
  void free(int number) {
    const int idle = count("idle");
    stopped.time += 100us;
    let_go.at(static_cast<std::size_t>(number)).release();
    run_until([&] { return count("idle") == idle + 1; });
  }
  // In the time that the clock was given meanwhile.
  Millis wait_of_a_call() {
    auto waiting = start(f);
    Millis out = 0ms;
    while (waiting.wait_for(0s) != std::future_status::ready && out < 1s) {
      run_for(5ms);
      stopped.time += 1ms;
      out += 1ms;
    }
    EXPECT_EQ(finish(std::move(waiting)).payload, "1");
    return out;
  }

  StoppedClock stopped;
  std::array<std::counting_semaphore<>, kNumbers> let_go{std::counting_semaphore<>(0), std::counting_semaphore<>(0), std::counting_semaphore<>(0),
                                                         std::counting_semaphore<>(0), std::counting_semaphore<>(0), std::counting_semaphore<>(0)};
  std::vector<std::future<Answer>> held;
  function::VersionPtr f = version();
};

TEST_F(CrowdTest, ACallWaitsThoughAnInstanceIsIdleUntilFewAreAtWork) {
  hold_all();
  auto waiting = start(f);
  run_for(20ms);
  EXPECT_EQ(count("busy"), 3);
  free(2);
  EXPECT_EQ(waiting.wait_for(0s), std::future_status::timeout);
  let_go[3].release();
  EXPECT_EQ(finish(std::move(waiting)).payload, "3");
}

TEST_F(CrowdTest, ButNotForRunsThatTurnOutToBeLong) {
  hold_all();
  stopped.time += 60ms;
  EXPECT_EQ(invoke(f).payload, "1");
}

TEST_F(CrowdTest, NorForever) {
  hold_all();
  const Millis wait = wait_of_a_call();
  EXPECT_GE(wait, 25ms);
  EXPECT_LE(wait, 45ms);
}

TEST_F(CrowdTest, AfterThatOneAtATimeGoesAhead) {
  hold_all();
  free(2);
  auto first = start(f), second = start(f);
  run_for(20ms);
  stopped.time += 30ms;
  finish(std::move(first));
  run_for(50ms);
  EXPECT_EQ(second.wait_for(0s), std::future_status::timeout);
}

TEST_F(CrowdTest, AStopRefusesThoseThatWait) {
  hold_all();
  auto waiting = start(f);
  run_for(20ms);
  run(engine().stop(0ms));
  EXPECT_EQ(error(std::move(waiting)).code, Errc::unavailable);
}

TEST_F(CrowdTest, WhoWaitsForAnOldGenerationDoesNot) {
  hold_all();
  auto waiting = start(f, "5");
  run_for(20ms);
  engine().retire(f->name, {});
  let_go[5].release();
  EXPECT_EQ(finish(std::move(waiting)).payload, "5");
}

TEST_F(CrowdTest, NorWhileNothingWaitsForAProcessor) {
  options.waited_for_processor = [] { return 0ns; };
  hold_all();
  EXPECT_LE(wait_of_a_call(), 15ms);
}

}  // namespace
}  // namespace wick::invoke
