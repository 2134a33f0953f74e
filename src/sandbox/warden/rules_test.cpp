#include "sandbox/warden/rules.h"

#include <gtest/gtest.h>

namespace wick::sandbox::warden {
namespace {

const std::string kId(32, 'a');
const std::string kPackage(64, '0');

Boot good() {
  return {.id = kId,
          .runtime = "python3.11",
          .package = kPackage,
          .layers = kPackage,
          .limits = {.memory_bytes = 128 * kMiB, .cpu_millis = 72, .pids = 64, .tmp_bytes = 512 * kMiB},
          .network = Network::api_only,
          .environment = {"A=", "B=C=D"}};
}

Fork good_fork() {
  return {.id = kId, .origin = std::string_view(kId), .package = kPackage, .layers = kPackage, .limits = good().limits, .environment = {"A="}};
}

void expect_refused(const auto& request) {
  const auto checked = check(request);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Errc::invalid_argument);
}

TEST(Rules, LetAGoodBootPass) {
  EXPECT_TRUE(check(good()));
  Boot boot = good();
  boot.layers = {};
  EXPECT_TRUE(check(boot));
}

TEST(Rules, RefuseNamesThatAreNotNames) {
  for (const std::string& name : {std::string(), std::string("../x"), std::string(63, 'a'), std::string(65, 'a'), std::string(64, 'A'),
                                  std::string(63, 'a') + "/", std::string(62, 'a') + "..", "/" + std::string(63, 'a')}) {
    Boot boot = good();
    boot.package = name;
    expect_refused(boot);
    if (name.empty()) continue;
    boot = good();
    boot.layers = name;
    expect_refused(boot);
  }
  Boot boot = good();
  boot.id = "../../../../../../../../etc/xxxx";
  expect_refused(boot);
}

TEST(Rules, LetATemplateBeWithoutAPackage) {
  Boot boot = good();
  boot.is_template = true;
  boot.package = {};
  expect_refused(boot);  // with layers
  boot.layers = {};
  EXPECT_TRUE(check(boot));
  boot.is_template = false;
  expect_refused(boot);
}

TEST(Rules, HoldForForks) {
  EXPECT_TRUE(check(good_fork()));
  Fork fork = good_fork();
  fork.package = {};
  expect_refused(fork);  // with layers
  fork.layers = {};
  EXPECT_TRUE(check(fork));
  for (std::string_view Fork::* name : {&Fork::id, &Fork::origin, &Fork::package, &Fork::layers}) {
    fork = good_fork();
    fork.*name = "../x";
    expect_refused(fork);
  }
  fork = good_fork();
  fork.limits.pids = 0;
  expect_refused(fork);
  fork = good_fork();
  fork.environment = {};
  expect_refused(fork);
  const std::string longest = "A=" + std::string(kForkEnvironmentMax - 3, 'x');
  fork.environment = {longest};
  EXPECT_TRUE(check(fork));
  fork.environment.emplace_back("B=");
  expect_refused(fork);
  fork.environment = {"noequals"};
  expect_refused(fork);
}

TEST(Rules, KnowRuntimeNames) {
  for (const char* name : {"nodejs20.x", "nodejs8.x", "python3.9", "python3.13", "provided.al2", "provided.al2023"})
    EXPECT_TRUE(is_runtime_name(name)) << name;
  for (const char* name : {"", "nodejs.x", "nodejs20", "nodejs../x.x", "nodejs200.x", "python3.", "python3.x", "python3.111", "python2.7", "provided",
                           "provided.al2/..", "nodejs2/.x", ".x"})
    EXPECT_FALSE(is_runtime_name(name)) << name;
}

TEST(Rules, HoldRanges) {
  struct Case {
    std::uint64_t Limits::* wide;
    std::uint32_t Limits::* narrow;
    std::uint64_t least, most;
  };
  for (const Case& limit : {Case{&Limits::memory_bytes, nullptr, 32 * kMiB, 10240 * kMiB}, Case{&Limits::tmp_bytes, nullptr, kMiB, 10240 * kMiB},
                            Case{nullptr, &Limits::cpu_millis, 10, 6000}, Case{nullptr, &Limits::pids, 8, 1024}}) {
    for (const auto& [value, allowed] : {std::pair{limit.least, true}, {limit.most, true}, {limit.least - 1, false}, {limit.most + 1, false}}) {
      Boot boot = good();
      if (limit.wide != nullptr)
        boot.limits.*limit.wide = value;
      else
        boot.limits.*limit.narrow = static_cast<std::uint32_t>(value);
      EXPECT_EQ(check(boot).has_value(), allowed) << value;
    }
  }
}

TEST(Rules, HoldTheFormOfTheEnvironment) {
  for (const char* entry : {"", "=", "=x", "noequals"}) {
    Boot boot = good();
    boot.environment.emplace_back(entry);
    expect_refused(boot);
  }
}

}  // namespace
}  // namespace wick::sandbox::warden
