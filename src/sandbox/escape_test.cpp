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

}  // namespace
}  // namespace wick::sandbox
