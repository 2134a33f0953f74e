// Short calls, more of them at once than the processors can run, on a machine whose processors are contended: few instances serve them. And
// many calls at once of a function of which nothing is known yet: few instances start.
#include <array>
#include <semaphore>

#include "invoke/engine_fixture.h"

namespace wick::invoke {
namespace {

constexpr int kInstances = 4;
constexpr int kNumbers = kInstances + 2;  // from 1, and one that is started later

struct StoppedClock : Clock {
  WallTime now() const override { return WallTime(std::chrono::hours(1)); }
  MonoTime monotonic() const override { return time; }
  MonoTime time{1h};
};

using Gates = std::array<std::counting_semaphore<>, kNumbers>;

Gates closed() {
  const auto gate = [] { return std::counting_semaphore<>(0); };
  return {gate(), gate(), gate(), gate(), gate(), gate()};
}

void pass(std::counting_semaphore<>& gate, const FakeRuntime& runtime) {
  while (!runtime.killed && !gate.try_acquire_for(5ms)) continue;
}

struct CrowdTest : EngineTest {
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
          pass(let_go.at(std::stoul(number)), runtime);
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
  Gates let_go = closed();
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

// Instances answer with their number.
struct StartCrowdTest : EngineTest {
  StartCrowdTest() {
    clock = &stopped;
    options.processors = 2;
    backend.script = [this](FakeRuntime& runtime) {
      const auto number = static_cast<std::size_t>(runtime.number);
      pass(ready.at(number), runtime);
      runtime.send(FrameType::ready);
      while (runtime.next()) {
        pass(over.at(number), runtime);
        runtime.send(FrameType::result, std::to_string(runtime.number));
      }
      return 0;
    };
  }
  // Of which two instances start.
  void start_crowd(int size) {
    const int before = backend.booted;
    for (int i = 0; i < size; ++i) calls.push_back(start(f));
    run_until([&] { return backend.booted == before + 2; });
    run_for(5ms);  // until the others wait
  }
  // The first of five calls is over, 200 ms after they came; a third instance has started when the first one was ready.
  void first_run_takes(std::chrono::microseconds time) {
    start_crowd(5);
    pass_time(150ms);
    ready[1].release();
    run_until([&] { return backend.booted == 3; });
    stopped.time += time;
    over[1].release();
    run_until([&] { return answered() == 1; });
    pass_time(60ms);
  }
  // Timers take the time that they would have taken by the machine's clock.
  void pass_time(Millis time) {
    stopped.time += time;
    run_for(time + 5ms);
  }
  std::size_t answered() const {
    return static_cast<std::size_t>(std::ranges::count_if(calls, [](const auto& call) { return call.wait_for(0s) == std::future_status::ready; }));
  }

  StoppedClock stopped;
  Gates ready = closed();
  Gates over = closed();
  std::vector<std::future<Answer>> calls;
  function::VersionPtr f = version();
};

TEST_F(StartCrowdTest, AnotherStartsWhenOneOfThemIsReady) {
  start_crowd(4);
  pass_time(150ms);
  EXPECT_EQ(backend.booted, 2);
  ready[1].release();
  run_until([&] { return backend.booted == 3; });
  pass_time(30ms);
  EXPECT_EQ(backend.booted, 3);
}

TEST_F(StartCrowdTest, AllDoWhenNoneIsReadyInTime) {
  start_crowd(4);
  pass_time(210ms);
  run_until([&] { return backend.booted == 4; });
}

TEST_F(StartCrowdTest, WhoHasWaitedForTheFirstRunWaitsOnIfItWasShort) {
  first_run_takes(100us);
  EXPECT_EQ(backend.booted, 3);
  over[1].release(2);
  run_until([&] { return answered() == 3; });
}

TEST_F(StartCrowdTest, ButNotIfItWasLonger) {
  first_run_takes(20ms);
  EXPECT_EQ(backend.booted, 4);
}

TEST_F(StartCrowdTest, HowLongRunsAreIsRememberedWithoutInstances) {
  options.idle_timeout = 1ms;
  auto first = start(f);
  ready[1].release();
  run_until([&] { return count("busy") == 1; });
  stopped.time += 100us;
  over[1].release();
  finish(std::move(first));
  pass_time(10ms);
  run_until([&] { return backend.alive == 0; });
  start_crowd(4);
  pass_time(210ms);
  EXPECT_EQ(backend.booted, 3);
}

}  // namespace
}  // namespace wick::invoke
