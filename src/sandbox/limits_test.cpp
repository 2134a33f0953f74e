// The limits hold, and what an instance used is told.
#include <gmock/gmock.h>

#include <signal.h>
#include <sys/wait.h>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>

#include "sandbox/fixture_test.h"
#include "sandbox/warden/rules.h"

namespace wick::sandbox {
namespace {

using testing::HasSubstr;
using warden::kMiB;

using LimitsTest = SandboxTest;
INSTANTIATE_TEST_SUITE_P(Modes, LimitsTest, testing::Values(Mode::root, Mode::rootless), name_of);

// Uses the processor for so many seconds.
std::string spin(const char* seconds) { return fmt::format("perl -e 'do {{ ($u, $s) = times }} while ($u + $s < {})'", seconds); }

constexpr const char* kHog = "exec perl -e '$x = \"x\" x (400 << 20); print \"not stopped\\n\"'";

TEST_P(LimitsTest, MemoryEndsTheTree) {
  const Outcome outcome = run_shell(kHog);
  EXPECT_EQ(outcome.output.find("not stopped"), std::string::npos);
  if (!has_limits()) GTEST_SKIP() << "no cgroups in this mode";
  EXPECT_TRUE(outcome.exit.out_of_memory);
  EXPECT_TRUE(WIFSIGNALED(outcome.exit.status));
  EXPECT_EQ(WTERMSIG(outcome.exit.status), SIGKILL);
  EXPECT_GT(outcome.exit.memory_peak_bytes, 250 * kMiB);
}

TEST_P(LimitsTest, MemoryOfAChildEndsTheTreeToo) {
  if (!has_limits()) GTEST_SKIP() << "no cgroups in this mode";
  // The kernel kills the largest process alone; the one that waits for it must go as well.
  const Outcome outcome = run_shell(std::string("(") + kHog + ") & wait; echo survived; sleep 1000");
  EXPECT_TRUE(outcome.exit.out_of_memory);
  EXPECT_TRUE(WIFSIGNALED(outcome.exit.status));
}

TEST_P(LimitsTest, ProcessesAreBounded) {
  // Each shell starts two more; the instance is killed from outside while they try, and nothing of them is left.
  bool exited = false;
  const Booted bomb = boot(spec_of(make_package({{"bootstrap", "#!/bin/bash\nbomb() { bomb | bomb & wait; bomb; }; bomb 2>/dev/null\n"}})),
                           [&exited](const Exit&) { exited = true; });
  const Outcome neighbour = run_shell("for i in 1 2 3 4 5; do (sleep 0.01); done; echo well");
  EXPECT_EQ(neighbour.output, "well\n");
  warden_->backend->kill(bomb.id);
  run_until([&exited] { return exited; });

  const Outcome counted = run_shell("i=0; while [ $i -lt 80 ]; do sleep 100 & i=$((i+1)); done 2>&1; echo all");
  EXPECT_THAT(counted.output, HasSubstr("Cannot fork"));
}

TEST_P(LimitsTest, NothingInsideDelaysAKill) {
  // The program, probe/siege.cpp, holds the first process back and takes the processor with all the processes that it may have.
  Spec spec = spec_of(package_of_program(program_beside_this("wick_sandbox_siege")));
  spec.limits.pids = 250;
  spec.limits.cpu_millis = 100;
  bool exited = false;
  const Booted siege = boot(std::move(spec), [&exited](const Exit&) { exited = true; });
  char text[9] = {};
  ASSERT_EQ(read(siege.log.get(), text, 8), 8);
  EXPECT_STREQ(text, "besieged");
  warden_->backend->end_init(siege.id);
  const auto start = std::chrono::steady_clock::now();
  warden_->backend->kill(siege.id);
  run_until([&exited] { return exited; });
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(3));
  EXPECT_EQ(read_to_end(siege.log.get()).find("besieged by 1\n"), std::string::npos);
}

TEST_P(LimitsTest, TmpHasTheSizeThatWasAskedFor) {
  const Outcome outcome = run_shell("dd if=/dev/zero of=/tmp/x bs=1M count=17 2>&1; stat -c %s /tmp/x");
  EXPECT_THAT(outcome.output, HasSubstr("No space left on device"));
  EXPECT_THAT(outcome.output, HasSubstr(fmt::format("\n{}\n", 16 * kMiB)));
}

TEST_P(LimitsTest, TmpHasBoundedFiles) {
  const Outcome outcome = run_shell("perl -e 'for (1..5000) { open(F, \">/tmp/$_\") or die \"$!\\n\"; close F; }'");
  EXPECT_THAT(outcome.output, HasSubstr("No space left on device"));
}

TEST_P(LimitsTest, ProcessorIsLimitedAfterInitOnly) {
  if (!has_limits()) GTEST_SKIP() << "no cgroups in this mode";
  Spec spec = spec_of(make_package({{"bootstrap", "#!/bin/sh\nexec " + spin("0.2")}}));
  spec.limits.cpu_millis = 100;
  const auto seconds = [&](bool end_init) {
    const auto start = std::chrono::steady_clock::now();
    bool exited = false;
    const Booted booted = boot(spec, [&exited](const Exit&) { exited = true; });
    if (end_init) warden_->backend->end_init(booted.id);
    run_until([&exited] { return exited; });
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const double during_init = seconds(false);
  const double afterwards = seconds(true);
  EXPECT_GT(afterwards, 1.5);  // 0.2 seconds at a tenth of a core
  EXPECT_LT(during_init, afterwards);
}

TEST_P(LimitsTest, UsageIsTold) {
  if (!has_limits()) GTEST_SKIP() << "no cgroups in this mode";
  bool exited = false;
  Exit exit;
  const Booted booted =
      boot(spec_of(make_package({{"bootstrap", "#!/bin/sh\nperl -e '$x = \"x\" x (50 << 20)'\n" + spin("0.1") + "\necho used\nsleep 1000\n"}})),
           [&](const Exit& e) { exit = e, exited = true; });
  char text[5] = {};
  EXPECT_EQ(read(booted.log.get(), text, 5), 5);
  std::optional<Result<Usage>> usage;
  boost::asio::co_spawn(loop_, warden_->backend->usage(booted.id), [&usage](const std::exception_ptr&, Result<Usage> told) { usage = told; });
  run_until([&usage] { return usage.has_value(); });
  ASSERT_TRUE(*usage) << (*usage).error().message;
  EXPECT_GT((*usage)->memory_peak_bytes, 50 * kMiB);
  EXPECT_GT((*usage)->cpu_nanos, 100'000'000U);
  warden_->backend->kill(booted.id);
  run_until([&exited] { return exited; });
  EXPECT_GE(exit.memory_peak_bytes, (*usage)->memory_peak_bytes);
  EXPECT_GE(exit.cpu_nanos, (*usage)->cpu_nanos);
}

TEST_P(LimitsTest, UsageOfNobodyIsNothing) {
  std::optional<Result<Usage>> usage;
  boost::asio::co_spawn(loop_, warden_->backend->usage(InstanceId(std::string(32, '0'))),
                        [&usage](const std::exception_ptr&, Result<Usage> told) { usage = told; });
  run_until([&usage] { return usage.has_value(); });
  EXPECT_EQ((*usage)->cpu_nanos, 0U);
}

}  // namespace
}  // namespace wick::sandbox
