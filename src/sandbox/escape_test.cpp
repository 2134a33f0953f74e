// Code that tries to get out, or at its neighbours, and cannot.
#include <gmock/gmock.h>

#include <sstream>

#include "sandbox/fixture_test.h"

namespace wick::sandbox {
namespace {

using testing::HasSubstr;

using EscapeTest = SandboxTest;
INSTANTIATE_TEST_SUITE_P(Modes, EscapeTest, testing::Values(Mode::root, Mode::rootless), name_of);

// The attempts are in probe/probe.cpp.
TEST_P(EscapeTest, NoAttemptSucceeds) {
  const Outcome outcome = run(spec_of(package_of_program(program_beside_this("wick_sandbox_probe"))));
  ASSERT_FALSE(outcome.error) << outcome.error->message;
  EXPECT_EQ(outcome.exit.status, 0);
  std::istringstream lines(outcome.output);
  int attempts = 0;
  for (std::string line; std::getline(lines, line); ++attempts) {
    const bool done = line.ends_with(": DONE");
    EXPECT_EQ(done, line.starts_with("may ")) << line;
  }
  EXPECT_GT(attempts, 100);
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
    EXPECT_THAT(outcome.output, HasSubstr(std::string(set) + ":\t0000000000000000\n"));
  EXPECT_THAT(outcome.output, HasSubstr("NoNewPrivs:\t1\n"));
  EXPECT_THAT(outcome.output, HasSubstr("Seccomp:\t2\n"));
  EXPECT_THAT(outcome.output, HasSubstr("Uid:\t993\t993\t993\t993\nGid:\t990\t990\t990\t990\n"));
}

TEST_P(EscapeTest, NoMountHonoursSetUserIdAndOnlyMemoryIsWritable) {
  EXPECT_EQ(run_shell("grep -vc nosuid /proc/self/mountinfo; awk '$6 !~ /^ro/ { print $5 }' /proc/self/mountinfo | sort").output,
            "0\n/dev/shm\n/tmp\n");
}

TEST_P(EscapeTest, NeighboursShareNothing) {
  // Two at once: each writes where it can, and finds only its own.
  const Spec spec = spec_of(make_package({{"bootstrap",
                                           "#!/bin/sh\necho $SECRET >/tmp/$SECRET; echo $SECRET >/dev/shm/$SECRET; sleep 0.2; cat /tmp/* /dev/shm/*; "
                                           "cat /proc/[0-9]*/environ | tr '\\0' '\\n' | grep ^SECRET | sort -u\n"}}));
  std::vector<Spec> specs(2, spec);
  specs[0].environment.emplace_back("SECRET=one");
  specs[1].environment.emplace_back("SECRET=two");
  const std::vector<Outcome> outcomes = run_all(std::move(specs));
  EXPECT_EQ(outcomes[0].output, "one\none\nSECRET=one\n");
  EXPECT_EQ(outcomes[1].output, "two\ntwo\nSECRET=two\n");
}

}  // namespace
}  // namespace wick::sandbox
