// Nothing is left behind, whoever ends first.
#include <gmock/gmock.h>

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "sandbox/census_test.h"
#include "sandbox/fixture_test.h"

namespace wick::sandbox {
namespace {

using LifecycleTest = SandboxTest;
INSTANTIATE_TEST_SUITE_P(Modes, LifecycleTest, testing::Values(Mode::root, Mode::rootless), name_of);

TEST_P(LifecycleTest, FiftyBootsLeaveNothing) {
  Spec spec = spec_of(make_package({{"bootstrap", "#!/bin/sh\nsleep 1000 &\nexit 3\n"}}));
  spec.share = "theirs";
  const Census before = census_at_rest();
  for (int round = 0; round < 5; ++round) {
    for (const Outcome& outcome : run_all(std::vector(10, spec))) {
      ASSERT_FALSE(outcome.error) << outcome.error->message;
      EXPECT_EQ(WEXITSTATUS(outcome.exit.status), 3);
    }
  }
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(run(spec_of(std::string(64, 'f'))).error);
  expect_nothing_more(before);
}

TEST_P(LifecycleTest, BootedInstancesOfOneNameShareTheProcessor) {
  if (!has_limits()) GTEST_SKIP() << "no cgroups in this mode";
  std::set<std::size_t> ended;
  std::vector<Booted> booted;
  std::map<std::size_t, std::string> parents;
  for (std::size_t i = 0; i < 5; ++i) {
    const std::string command = fmt::format("sleep {}", 1000 + i);
    Spec spec = spec_of(make_package({{"bootstrap", fmt::format("#!/bin/sh\necho up\nexec {}\n", command)}}));
    spec.share = i == 3 ? "other" : "one";
    booted.push_back(boot(std::move(spec), [&ended, i](const Exit&) { ended.insert(i); }));
    std::string cmdline = command + '\0';
    std::ranges::replace(cmdline, ' ', '\0');
    run_until([&] {
      for (const pid_t pid : descendants(pid_)) {
        if (text_of(fmt::format("/proc/{}/cmdline", pid)) == cmdline) parents[i] = cpu_parent_of(pid);
      }
      return parents.contains(i);
    });
  }
  EXPECT_THAT(parents[0], testing::StartsWith("wick-"));
  EXPECT_THAT(parents[1], testing::StartsWith("share-"));
  EXPECT_EQ(parents[2], parents[1]);
  EXPECT_EQ(parents[3], parents[0]);
  EXPECT_EQ(parents[4], parents[1]);
  for (const Booted& one : booted) warden_->backend->kill(one.id);
  run_until([&] { return ended.size() == booted.size(); });
}

TEST_P(LifecycleTest, EverythingEndsWithTheDaemon) {
  const Spec spec = spec_of(make_package({{"bootstrap", "#!/bin/sh\ntrap '' TERM HUP INT\nsetsid sleep 1000 &\necho up\nsleep 1000\n"}}));
  for (int i = 0; i < 3; ++i) {
    const Booted booted = boot(spec, [](const Exit&) { ADD_FAILURE() << "the backend is gone"; });
    char up[3];
    EXPECT_EQ(read(booted.log.get(), up, 3), 3);
  }
  const std::set<pid_t> processes = descendants(pid_);
  EXPECT_GE(processes.size(), 12U);
  const auto start = std::chrono::steady_clock::now();
  warden_.reset();  // closes the socket, as the daemon's end does
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
  // The process that starts the outside network ends at the warden's end, a moment after it.
  for (const pid_t pid : processes)
    EXPECT_TRUE(eventually([pid] { return !runs(pid); }, std::chrono::seconds(1))) << text_of(fmt::format("/proc/{}/cmdline", pid));
  EXPECT_EQ(cgroup_count(folder_ / "data"), 0U);
}

TEST_P(LifecycleTest, NothingOutlivesAKilledWarden) {
  bool exited = false;
  const Booted booted = boot(spec_of(make_package({{"bootstrap", "#!/bin/sh\nsetsid sleep 1000 &\necho up\nsleep 1000\n"}})), [&](const Exit& exit) {
    exited = true;
    EXPECT_EQ(exit.status, SIGKILL);
  });
  char up[3];
  EXPECT_EQ(read(booted.log.get(), up, 3), 3);
  const std::set<pid_t> processes = descendants(pid_);
  ASSERT_EQ(kill(pid_, SIGKILL), 0);
  run_until([&] { return lost_; });
  EXPECT_TRUE(exited);
  EXPECT_TRUE(eventually([&] { return std::ranges::none_of(processes, runs); }, std::chrono::seconds(1)));
  EXPECT_EQ(run(spec_of(std::string(64, 'f'))).error->code, Errc::unavailable);
  open();  // takes away what the killed one could not
  EXPECT_EQ(run_shell("echo again").output, "again\n");
  warden_.reset();
  EXPECT_EQ(cgroup_count(folder_ / "data"), 0U);
}

TEST_P(LifecycleTest, ManyAtOnce) {
  const Spec spec = spec_of(make_package({{"bootstrap", "#!/bin/sh\necho $$ > /tmp/x; cat /tmp/x\n"}}));
  for (const Outcome& outcome : run_all(std::vector(40, spec))) {
    ASSERT_FALSE(outcome.error) << outcome.error->message;
    EXPECT_EQ(outcome.output, "2\n");
  }
}

}  // namespace
}  // namespace wick::sandbox
