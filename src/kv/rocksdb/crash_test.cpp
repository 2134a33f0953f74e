// kill -9 in the middle of commits, again and again: every commit that was reported is there, and none is there by half.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <thread>

#include "base/fd.h"
#include "kv/key.h"
#include "kv/store.h"

namespace wick::kv {
namespace {

constexpr int kReportFd = 3;
constexpr const char* kDirectoryVariable = "WICK_CRASH_TEST_DIRECTORY";
constexpr std::uint64_t kThreads = 4;

// Runs in its own process (RocksDB's threads do not survive a fork): each thread commits pairs of keys and reports each commit.
TEST(CrashChild, DISABLED_CommitsUntilKilled) {
  const char* directory = std::getenv(kDirectoryVariable);
  ASSERT_NE(directory, nullptr);
  const auto store = open_rocksdb(directory).value();
  const std::uint64_t first = store->scan({}, SIZE_MAX).value().size();  // above every number of earlier rounds
  std::vector<std::jthread> threads;
  for (std::uint64_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::uint64_t number = first * kThreads + thread;; number += kThreads) {
        const auto done = store->transact([&](Transaction& t) -> Result<> {
          t.put(make_key("left", number), std::string(500, 'x'));
          t.put(make_key("right", number), "");
          return {};
        });
        if (!done || write(kReportFd, &number, sizeof number) != sizeof number) return;
      }
    });
  }
}

pid_t start_child(const std::string& directory, int report) {
  const pid_t child = fork();
  if (child != 0) return child;
  dup2(report, kReportFd);
  setenv(kDirectoryVariable, directory.c_str(), 1);
  const int null = open("/dev/null", O_WRONLY);
  dup2(null, STDOUT_FILENO);
  execl("/proc/self/exe", "wick_kv_test", "--gtest_also_run_disabled_tests", "--gtest_filter=CrashChild.*", nullptr);
  _exit(127);
}

std::set<std::uint64_t> numbers_under(Store& store, const char* side) {
  std::set<std::uint64_t> numbers;
  for (const auto& entry : store.scan(prefix_range(make_key(side)), SIZE_MAX).value()) {
    KeyReader reader(entry.key);
    EXPECT_EQ(reader.text().value(), side);
    numbers.insert(reader.number().value());
  }
  return numbers;
}

TEST(Crash, EveryReportedCommitSurvivesSigkill) {
  std::string directory = testing::TempDir() + "wick_crash_XXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  std::set<std::uint64_t> reported;
  for (std::size_t round = 0; round < 5; ++round) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    UniqueFd report(ends[0]);
    UniqueFd write_end(ends[1]);
    const pid_t child = start_child(directory, write_end.get());
    ASSERT_GT(child, 0);
    write_end.reset();

    const std::size_t enough = reported.size() + 20 + 37 * round;
    std::uint64_t number = 0;
    while (reported.size() < enough) {
      pollfd ready{report.get(), POLLIN, 0};
      ASSERT_EQ(poll(&ready, 1, 30'000), 1) << "the child reports nothing";
      ASSERT_EQ(read(report.get(), &number, sizeof number), static_cast<ssize_t>(sizeof number)) << "the child ended by itself";
      reported.insert(number);
    }
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    while (read(report.get(), &number, sizeof number) == static_cast<ssize_t>(sizeof number)) reported.insert(number);

    const auto store = open_rocksdb(directory).value();
    const auto kept = numbers_under(*store, "left");
    EXPECT_EQ(kept, numbers_under(*store, "right")) << "half a commit, round " << round;
    for (const auto n : reported) ASSERT_TRUE(kept.contains(n)) << n << " lost in round " << round;
  }
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace wick::kv
