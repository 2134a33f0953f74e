// kill -9 while usage is written: what is lost is of the last second, and nothing is there twice or by half.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/fd.h"
#include "base/worker_pool.h"
#include "service/usage/usage.h"
#include "service/usage/usage_fixture.h"

namespace wick::service::usage {
namespace {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

constexpr int kReportFd = 3;
constexpr const char* kDirectoryVariable = "WICK_USAGE_CRASH_TEST_DIRECTORY";
constexpr const char* kRoundVariable = "WICK_USAGE_CRASH_TEST_ROUND";
constexpr auto kBound = std::chrono::milliseconds(1'000);  // 500 ms until it is written, and the writing on a busy machine

Books make_books(kv::Store& store, const Clock& clock) {
  return {store, clock, [](const function::FunctionName&) { return function::Tags(); }, {}};
}

// Runs in its own process (RocksDB's threads do not survive a fork): appends a call each millisecond and says so, until it is killed.
TEST(UsageCrashChild, DISABLED_AppendsUntilKilled) {
  const char* directory = std::getenv(kDirectoryVariable);
  ASSERT_NE(directory, nullptr);
  const std::string round = std::getenv(kRoundVariable);
  const auto store = kv::open_rocksdb(directory).value();
  const SetClock clock;
  asio::io_context loop;
  WorkerPool pool(2);
  Usage usage(loop.get_executor(), pool, *store, clock, [](const function::FunctionName&) { return function::Tags(); });
  const auto version = make_version("f" + round);
  asio::steady_timer timer(loop);
  std::uint32_t count = 0;
  std::function<void(boost::system::error_code)> tick = [&](boost::system::error_code) {
    usage.append(make_call(version, clock.time, fmt::format("{}-{}", round, count++)));
    if (write(kReportFd, &count, sizeof count) != sizeof count) _exit(0);
    timer.expires_after(std::chrono::milliseconds(1));
    timer.async_wait(tick);
  };
  tick({});
  loop.run();
}

pid_t start_child(const std::string& directory, int round, int report_to) {
  const pid_t child = fork();
  if (child != 0) return child;
  dup2(report_to, kReportFd);
  setenv(kDirectoryVariable, directory.c_str(), 1);
  setenv(kRoundVariable, std::to_string(round).c_str(), 1);
  dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
  execl("/proc/self/exe", "wick_service_test", "--gtest_also_run_disabled_tests", "--gtest_filter=UsageCrashChild.*", nullptr);
  _exit(127);
}

TEST(UsageCrash, LosesAtMostTheLastSecondAndDoublesNothing) {
  std::string directory = testing::TempDir() + "wick_usage_crash_XXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  std::uint64_t lost = 0;
  for (int round = 1; round <= 4; ++round) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    UniqueFd reports(ends[0]);
    UniqueFd write_end(ends[1]);
    const pid_t child = start_child(directory, round, write_end.get());
    ASSERT_GT(child, 0);
    write_end.reset();

    std::vector<Steady::time_point> appended;  // when this process heard of each call
    std::uint32_t count = 0;
    const auto heard = [&] { return read(reports.get(), &count, sizeof count) == static_cast<ssize_t>(sizeof count); };
    Steady::time_point first{};
    while (first == Steady::time_point() || Steady::now() < first + std::chrono::milliseconds(1'300 + 170 * round)) {
      pollfd ready{reports.get(), POLLIN, 0};
      ASSERT_EQ(poll(&ready, 1, 30'000), 1) << "the child reports nothing";
      ASSERT_TRUE(heard()) << "the child ended by itself";
      appended.push_back(Steady::now());
      if (first == Steady::time_point()) first = appended.back();
    }
    const auto killed = Steady::now();
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    while (heard()) appended.push_back(killed);

    const auto store = kv::open_rocksdb(directory).value();
    const SetClock clock;
    Books books = make_books(*store, clock);
    std::uint64_t calls = 0;
    ASSERT_TRUE(books.visit(0, 1'000'000, [&](const RowKey& key, const Totals& totals) {
      if (key.function == fmt::format("f{}", round)) calls = totals.calls;
    }));
    ASSERT_LE(calls, appended.size());
    for (std::size_t i = 0; i < appended.size(); ++i) {
      ASSERT_EQ(books.calls(fmt::format("{}-{}", round, i)).value().size(), i < calls ? 1u : 0u) << "the sums and the calls disagree";
    }
    if (calls < appended.size()) {
      EXPECT_LT(killed - appended[calls], kBound) << "round " << round << " lost calls older than the stated bound";
    }
    lost += appended.size() - calls;
  }
  EXPECT_GT(lost, 0u) << "no round was killed with anything unwritten: this test shows nothing";
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace wick::service::usage
