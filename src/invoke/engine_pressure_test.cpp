// What the engine does when memory is short.
#include <atomic>

#include "invoke/engine_fixture.h"

namespace wick::invoke {
namespace {

struct PressureTest : EngineTest {
  PressureTest() {
    options.memory_available = [this] {
      ++readings;
      return available;
    };
    backend.script = [](FakeRuntime& runtime) {
      if (runtime.spec.is_template && !runtime.fork) {
        runtime.send(FrameType::ready, R"({"forkable":true})");
        return runtime.hang();
      }
      runtime.send(FrameType::ready);
      while (runtime.next()) runtime.send(FrameType::result, std::to_string(runtime.number));
      return 0;
    };
  }
  double available = 0.5;
  int readings = 0;
};

TEST_F(PressureTest, IdleInstancesStayWhileThereIsEnoughAndEndWhenItIsScarce) {
  invoke(version("f"));
  invoke(version("g"));
  run_until([&] { return readings >= 3; });
  EXPECT_EQ(count("idle"), 2);
  available = 0.05;
  run_until([&] { return backend.alive == 0; });
}

TEST_F(PressureTest, TheLastUsedOutliveTheOthers) {
  for (int i = 0; i < 20; ++i) invoke(version("f" + std::to_string(i)));
  available = 0.05;
  run_until([&] { return backend.alive == 10; });
  for (const InstanceInfo& one : engine().instances()) EXPECT_GE(std::stoi(one.function.str().substr(1)), 10) << one.function.str();
}

TEST_F(PressureTest, WhereItIsLowTheyEndEarlier) {
  options.idle_timeout = 10s;
  available = 0.1;
  invoke(version());
  const auto began = std::chrono::steady_clock::now();
  run_until([&] { return backend.alive == 0; });
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

TEST_F(PressureTest, NothingIsReadWhileThereIsNothingToLetGo) {
  options.idle_timeout = 10ms;
  invoke(version());
  run_until([&] { return backend.alive == 0; });
  run_for(1100ms);
  const int before = readings;
  run_for(1100ms);
  EXPECT_EQ(readings, before);
}

TEST_F(PressureTest, NothingStartsWhereItIsExhaustedUntilThereIsSome) {
  available = 0.01;
  auto call = start(version());
  run_for(50ms);
  EXPECT_EQ(backend.booted, 0);
  available = 0.5;
  EXPECT_EQ(finish(std::move(call)).payload, "1");
}

TEST_F(PressureTest, TemplatesGoWhenNoInstanceIsIdleAnyMore) {
  backend.forks = true;
  const auto f = version();
  invoke(f);
  run_until([&] { return engine().template_of(*f).state == TemplateInfo::State::ready; });
  available = 0.05;
  run_until([&] { return count("idle") == 0 && engine().template_of(*f).state == TemplateInfo::State::none; });
  run_until([&] { return backend.alive == 1; });  // the runtime's
}

}  // namespace
}  // namespace wick::invoke
