// Which level an instance starts at, and what becomes of templates.
#include <gmock/gmock.h>

#include <atomic>

#include "invoke/engine_fixture.h"

namespace wick::invoke {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using State = TemplateInfo::State;

bool is_version_template(const FakeRuntime& runtime) {
  return runtime.spec.is_template && std::ranges::find(runtime.spec.environment, "WICK_TEMPLATE=version") != runtime.spec.environment.end();
}

struct TemplatesTest : EngineTest {
  TemplatesTest() {
    backend.forks = true;
    backend.script = [this](FakeRuntime& runtime) { return runtime.spec.is_template && !runtime.fork ? park(runtime) : serve(runtime); };
  }

  int park(FakeRuntime& runtime) {
    if (is_version_template(runtime)) {
      if (!init_error.empty()) {
        runtime.send(FrameType::init_failed, init_error);
        return exit_status(1);
      }
      version_templates = version_templates + 1;
      runtime.print("init of a template\n");
    }
    while (parking_late && !runtime.killed) std::this_thread::sleep_for(1ms);
    runtime.send(FrameType::ready, is_version_template(runtime) ? said : R"({"forkable":true})");
    if (!is_version_template(runtime)) bare_is_ready = true;
    while (!dying && !runtime.killed) std::this_thread::sleep_for(1ms);
    return dying ? exit_status(1) : SIGKILL;
  }

  int serve(FakeRuntime& runtime) {
    if (runtime.fork) {
      const std::lock_guard lock(mutex);
      forks.push_back(*runtime.fork);
    }
    if (runtime.fork && forks_die) return exit_status(1);
    while (initialising && !runtime.killed) std::this_thread::sleep_for(1ms);
    runtime.send(FrameType::ready);
    while (const auto invoke = runtime.next()) {
      if (invoke->payload == "hold") return runtime.hang();
      runtime.send(FrameType::result, "1");
    }
    return 0;
  }

  // The version's instances are busy from now on, so that its next call has to start one.
  void occupy(const function::VersionPtr& f) {
    held.push_back(start(f, "hold"));
    run_until([&] { return count("idle") == 0 && count("busy") == static_cast<int>(held.size()); });
  }
  void await(const function::VersionPtr& f, State state) {
    run_until([&] { return engine().template_of(*f).state == state; });
  }
  void await_bare() {
    run_until([&] { return bare_is_ready.load(); });
    run_for(10ms);  // what it has said is there to be read
  }
  // A version that has been started once and has a template, as its runtime has.
  std::shared_ptr<function::Version> prepared(const std::string& name = "f") {
    auto f = version(name);
    EXPECT_TRUE(invoke(f).timing.cold());
    await(f, State::ready);
    await_bare();
    occupy(f);
    return f;
  }
  // Calls at once, on two processors, while neither the template that is being made nor any instance becomes ready.
  void start_crowd(int size) {
    options.processors = 2;
    parking_late = initialising = true;
    const auto f = version();
    engine().expect(f);
    for (int i = 0; i < size; ++i) crowd.push_back(start(f));
  }
  // All instances become ready, and each call is answered.
  void finish_crowd() {
    initialising = false;
    for (auto& call : crowd) EXPECT_EQ(finish(std::move(call)).payload, "1");
  }
  int boots() const { return backend.booted - backend.templates; }
  void stop() {
    run(engine().stop(0ms));
    for (auto& call : held) error(std::move(call));
    held.clear();
  }

  std::string said = R"({"forkable":true})";
  std::string init_error;
  std::atomic<int> version_templates = 0;
  std::atomic<bool> bare_is_ready = false;
  std::atomic<bool> parking_late = false;  // no template is ready while it is so
  std::atomic<bool> dying = false;
  std::atomic<bool> forks_die = false;
  std::atomic<bool> initialising = false;
  std::mutex mutex;
  std::vector<sandbox::ForkSpec> forks;
  std::vector<std::future<Answer>> held;
  std::vector<std::future<Answer>> crowd;
};

TEST_F(TemplatesTest, WithoutForksThereAreNoTemplates) {
  backend.forks = false;
  const auto f = version();
  engine().expect(f);
  invoke(f);
  occupy(f);
  EXPECT_EQ(invoke(f).timing.level, StartLevel::boot);
  EXPECT_EQ(backend.templates, 0);
  EXPECT_EQ(engine().template_of(*f).state, State::refused);
  stop();
}

TEST_F(TemplatesTest, OfManyCallsAtOnceFewBootAndTheOthersAreForksOfWhatIsBeingMade) {
  start_crowd(10);
  run_for(500ms);
  EXPECT_EQ(boots(), 2);
  parking_late = false;
  run_until([&] { return backend.alive == 1 + 10; });
  EXPECT_EQ(boots(), 2);
  finish_crowd();
}

TEST_F(TemplatesTest, WhoWaitsForATemplateGetsWhatIsIdleMeanwhile) {
  start_crowd(10);
  run_until([&] { return boots() == 2; });
  finish_crowd();
  EXPECT_LT(boots(), 10);
}

TEST_F(TemplatesTest, NobodyWaitsLongForATemplateThatDoesNotCome) {
  start_crowd(4);
  run_for(1s);
  EXPECT_EQ(boots(), 2);
  run_until([&] { return boots() == 4; });
  finish_crowd();
}

TEST_F(TemplatesTest, TheFirstStartIsABootAndTheNextAFork) {
  const auto f = prepared();
  const Outcome outcome = invoke(f);
  EXPECT_EQ(outcome.timing.level, StartLevel::version_template);
  EXPECT_EQ(outcome.payload, "1");
  EXPECT_THAT(outcome.log_tail, StartsWith("RESTORE_START Runtime Version: python:3.11.v1\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:"));
  EXPECT_THAT(outcome.log_tail, HasSubstr("\nRESTORE_REPORT Restore Duration: "));
  EXPECT_THAT(outcome.log_tail, HasSubstr("\tRestore Duration: "));
  EXPECT_THAT(outcome.log_tail, HasSubstr("\tBilled Restore Duration: "));
  EXPECT_THAT(outcome.log_tail, Not(HasSubstr("Init Duration")));
  EXPECT_FALSE(invoke(f).timing.cold());
  EXPECT_EQ(backend.templates, 2);  // the version's and the runtime's
  stop();
}

TEST_F(TemplatesTest, AForkIsToldOnlyWhatDiffers) {
  const auto f = prepared();
  invoke(f);
  ASSERT_EQ(forks.size(), 1u);
  EXPECT_EQ(forks[0].package, "");
  ASSERT_EQ(forks[0].environment.size(), 1u);
  EXPECT_THAT(forks[0].environment[0], StartsWith("AWS_LAMBDA_LOG_STREAM_NAME="));
  EXPECT_EQ(forks[0].limits.memory_bytes, 128u << 20);
  stop();
}

TEST_F(TemplatesTest, OtherFunctionsOfTheRuntimeForkItsBareTemplate) {
  engine().expect(version());
  run_until([&] { return backend.templates == 1; });
  run_for(20ms);
  const auto g = version("g");
  g->environment = {{"COLOUR", "red"}};
  g->memory_mb = 256;
  const Outcome outcome = invoke(g);
  EXPECT_EQ(outcome.timing.level, StartLevel::bare_template);
  EXPECT_THAT(outcome.log_tail, HasSubstr("\tInit Duration: "));
  ASSERT_EQ(forks.size(), 1u);
  EXPECT_NE(forks[0].package, "");
  EXPECT_THAT(forks[0].environment, Contains("COLOUR=red"));
  EXPECT_THAT(forks[0].environment, Contains("_HANDLER=index.handler"));
  EXPECT_THAT(forks[0].environment, Not(Contains(StartsWith("WICK_TEMPLATE="))));
  EXPECT_EQ(forks[0].limits.memory_bytes, 256u << 20);
}

TEST_F(TemplatesTest, ABareTemplateLogsNothingAndUsesNothing) {
  engine().expect(version());
  run_until([&] { return backend.templates == 1; });
  run_for(20ms);
  stop();
  EXPECT_TRUE(logged.empty());
  EXPECT_TRUE(metered.empty());
}

TEST_F(TemplatesTest, VariablesThatActAtTheStartNeedAProcessOfTheirOwn) {
  engine().expect(version());
  run_until([&] { return backend.templates == 1; });
  run_for(20ms);
  const auto g = version("g");
  g->environment = {{"PYTHONOPTIMIZE", "1"}};
  EXPECT_EQ(invoke(g).timing.level, StartLevel::boot);
  await(g, State::ready);  // of its own, which has them
  const auto h = version("h");
  h->environment = {{"AWS_LAMBDA_EXEC_WRAPPER", "/opt/wrap"}};
  EXPECT_EQ(invoke(h).timing.level, StartLevel::boot);
  EXPECT_EQ(engine().template_of(*h).state, State::refused);
  EXPECT_THAT(engine().template_of(*h).reason, HasSubstr("AWS_LAMBDA_EXEC_WRAPPER"));
}

TEST_F(TemplatesTest, OneThatCannotBeForkedKeepsItsReason) {
  said = R"({"forkable":false,"reason":"a thread is left"})";
  const auto f = version();
  invoke(f);
  await(f, State::refused);
  EXPECT_EQ(engine().template_of(*f).reason, "a thread is left");
  await_bare();
  occupy(f);
  EXPECT_EQ(invoke(f).timing.level, StartLevel::bare_template);
  EXPECT_EQ(version_templates, 1);
  engine().retire(f->name, {});
  EXPECT_EQ(engine().template_of(*f).state, State::none);
  stop();
}

TEST_F(TemplatesTest, NorDoesItLoseItWhereItIsGoneAtOnce) {
  backend.script = [this](FakeRuntime& runtime) {
    if (!runtime.spec.is_template || runtime.fork) return serve(runtime);
    runtime.send(FrameType::ready, R"({"forkable":false,"reason":"a thread is left"})");
    return 0;
  };
  for (int i = 0; i < 20; ++i) {
    const auto f = version();
    invoke(f);
    run_until([&] { return engine().template_of(*f).reason != ""; });
    EXPECT_EQ(engine().template_of(*f).reason, "a thread is left");
  }
}

TEST_F(TemplatesTest, WhatARuntimeSaysIsNotBelievedBlindly) {
  for (const char* word : {"", "null", "{", R"({"forkable":"yes"})", R"({"forkable":false,"reason":7})"}) {
    said = word;
    const auto f = version();
    invoke(f);
    await(f, State::refused);
    EXPECT_NE(engine().template_of(*f).reason, "") << word;
  }
}

TEST_F(TemplatesTest, AForkThatFailsCostsNoCall) {
  const auto f = prepared();
  backend.fork_error = Error{Errc::unavailable, "gone"};
  EXPECT_EQ(invoke(f).timing.level, StartLevel::boot);
  EXPECT_EQ(engine().template_of(*f).state, State::none);
  stop();
}

TEST_F(TemplatesTest, NorDoesOneThatIsNeverReady) {
  const auto f = prepared();
  forks_die = true;
  const Outcome outcome = invoke(f);
  EXPECT_EQ(outcome.timing.level, StartLevel::boot);
  EXPECT_EQ(outcome.function_error, "");
  EXPECT_EQ(backend.forked, 2);  // of its own template and of the bare one
  EXPECT_EQ(engine().template_of(*f).state, State::none);
  stop();
}

TEST_F(TemplatesTest, ATemplateThatDiesIsMadeAgain) {
  const auto f = prepared();
  dying = true;
  await(f, State::none);
  run_until([&] { return backend.alive == 1; });  // the bare one has died too
  EXPECT_EQ(invoke(f).timing.level, StartLevel::boot);
  EXPECT_EQ(version_templates, 1);  // not at once
  dying = false;
  run_for(1100ms);
  occupy(f);
  invoke(f);
  await(f, State::ready);
  EXPECT_EQ(version_templates, 2);
  stop();
}

TEST_F(TemplatesTest, AFailedInitIsInTheFunctionsLog) {
  init_error = R"({"errorType":"Oops","errorMessage":"no"})";
  const auto f = version();
  EXPECT_EQ(invoke(f).function_error, "");
  run_until([&] { return std::ranges::any_of(logged, [](const LogEvent& event) { return event.message.starts_with("INIT_REPORT"); }); });
  await(f, State::none);
  EXPECT_EQ(engine().template_of(*f).reason, "its init failed");
}

TEST_F(TemplatesTest, ATemplatesOutputHasALogStreamOfItsOwn) {
  const auto f = prepared();
  const auto find = [&](std::string_view text) {
    return std::ranges::find_if(logged, [&](const LogEvent& event) { return event.message.find(text) != std::string::npos; });
  };
  run_until([&] { return find("init of a template") != logged.end(); });
  EXPECT_EQ(find("init of a template")->function, f->name);
  EXPECT_NE(find("init of a template")->instance, find("REPORT")->instance);
  stop();
}

TEST_F(TemplatesTest, AnUnusedTemplateEndsAndItsForksLiveOn) {
  options.template_idle = 200ms;
  const auto f = prepared();
  invoke(f);
  await(f, State::none);
  EXPECT_FALSE(invoke(f).timing.cold());
  stop();
}

TEST_F(TemplatesTest, TooManyTemplatesMakeRoomForNewOnes) {
  options.templates_max = 3;
  const auto f = prepared("f"), g = prepared("g");
  auto h = version("h");
  invoke(h);
  await(h, State::ready);
  EXPECT_EQ(engine().template_of(*f).state, State::none);
  EXPECT_EQ(engine().template_of(*g).state, State::ready);
  stop();
}

TEST_F(TemplatesTest, RetiringAGenerationEndsItsTemplate) {
  const auto f = prepared();
  EXPECT_EQ(backend.alive, 3);
  engine().retire(f->name, {});
  run_until([&] { return backend.alive == 2; });
  stop();
}

TEST_F(TemplatesTest, ACallThatWasWaitingThenMakesNoNewOne) {
  initialising = true;
  const auto f = version();
  auto call = start(f);
  run_until([&] { return backend.booted == 1; });
  engine().retire(f->name, {});
  initialising = false;
  EXPECT_TRUE(finish(std::move(call)).timing.cold());
  EXPECT_EQ(engine().template_of(*f).state, State::none);
}

TEST_F(TemplatesTest, SnapStartTemplatesAreMadeWhenTheVersionIsExpected) {
  const auto f = version();
  f->version = "1";
  f->snap_start = "PublishedVersions";
  engine().expect(f);
  await(f, State::ready);
  EXPECT_EQ(invoke(f).timing.level, StartLevel::version_template);
  ASSERT_EQ(forks.size(), 1u);
  EXPECT_THAT(forks[0].environment, Not(Contains(StartsWith("AWS_LAMBDA_INITIALIZATION_TYPE"))));  // the template's own
  EXPECT_TRUE(std::ranges::any_of(logged, [](const LogEvent& event) { return event.message.starts_with("INIT_REPORT"); }));
}

TEST_F(TemplatesTest, ProvisionedConcurrencyForks) {
  const auto f = version();
  f->version = "1";
  f->snap_start = "PublishedVersions";
  engine().expect(f);
  await(f, State::ready);
  engine().set_provisioned_concurrency(f, 2);
  run_until([&] { return engine().provisioned_ready(f->name, "1") == 2; });
  EXPECT_EQ(backend.forked, 2);
  EXPECT_FALSE(invoke(f).timing.cold());
}

TEST_F(TemplatesTest, TheCodeOfAForkStaysOnDiskWithoutItsTemplate) {
  const auto f = prepared();
  const auto booted = engine().instances();
  invoke(f);
  for (const InstanceInfo& one : booted) backend.kill(sandbox::InstanceId(one.instance));
  dying = true;
  run_until([&] { return backend.alive == 1; });
  run_for(10ms);
  EXPECT_EQ(backend.forked, 1);
  EXPECT_EQ(sweep(), 0u);
}

}  // namespace
}  // namespace wick::invoke
