// kill -9 while events are accepted and run: every event whose acceptance was reported runs at least once.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "base/fd.h"
#include "base/worker_pool.h"
#include "event/queue.h"
#include "event/record.h"

namespace wick::event {
namespace {

namespace asio = boost::asio;

constexpr int kReportFd = 3;
constexpr const char* kDirectoryVariable = "WICK_EVENT_CRASH_TEST_DIRECTORY";
constexpr const char* kRoundVariable = "WICK_EVENT_CRASH_TEST_ROUND";

struct Report {
  char kind = 0;  // A: accepted, R: ran
  char id[15] = {};
};

void report(char kind, const std::string& id) {
  Report r{.kind = kind};
  std::memcpy(r.id, id.data(), std::min(id.size(), sizeof r.id));
  if (write(kReportFd, &r, sizeof r) != sizeof r) _exit(0);
}

Result<Callee> resolve(const function::FunctionName&, const std::string&) {
  Callee callee;
  callee.target.version = std::make_shared<function::Version>();
  return callee;
}

asio::awaitable<Result<invoke::Outcome>> run(invoke::Invocation invocation) {
  report('R', invocation.id.str());
  co_return invoke::Outcome{};
}

asio::awaitable<void> accept_all(Queue& queue, std::string prefix, int count) {
  for (int n = 0; n < count; ++n) {
    Event event;
    event.id = invoke::RequestId(fmt::format("{}-{}", prefix, n));
    event.payload = std::string(2'000, ' ');
    const auto id = event.id.str();
    if (const auto accepted = co_await queue.accept(std::move(event)); accepted) report('A', id);
  }
}

// Runs in its own process (RocksDB's threads do not survive a fork): accepts and runs events until it is killed. Round 0 accepts
// none: it runs what is left and ends.
TEST(CrashChild, DISABLED_AcceptsUntilKilled) {
  const char* directory = std::getenv(kDirectoryVariable);
  ASSERT_NE(directory, nullptr);
  const int round = std::atoi(std::getenv(kRoundVariable));
  const auto store = kv::open_rocksdb(directory).value();
  asio::io_context loop;
  WorkerPool pool(4);
  QueueOptions options;
  options.workers = 8;
  Queue queue(loop.get_executor(), pool, *store, resolve, run, Clock::system(), Random::system(), options);
  queue.start();
  if (round > 0) {
    for (int i = 0; i < 16; ++i) {
      asio::co_spawn(loop, accept_all(queue, fmt::format("{}-{}", round, i), 10'000), asio::detached);
    }
  }
  loop.run();
}

pid_t start_child(const std::string& directory, int round, int report_to) {
  const pid_t child = fork();
  if (child != 0) return child;
  dup2(report_to, kReportFd);
  setenv(kDirectoryVariable, directory.c_str(), 1);
  setenv(kRoundVariable, std::to_string(round).c_str(), 1);
  dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
  execl("/proc/self/exe", "wick_event_test", "--gtest_also_run_disabled_tests", "--gtest_filter=CrashChild.*", nullptr);
  _exit(127);
}

TEST(Crash, EveryAcceptedEventRunsAtLeastOnce) {
  std::string directory = testing::TempDir() + "wick_event_crash_XXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  std::set<std::string> accepted;
  std::set<std::string> ran;
  std::size_t left_behind = 0;
  const int rounds[] = {1, 2, 3, 4, 5, 0};
  for (const int round : rounds) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    UniqueFd reports(ends[0]);
    UniqueFd write_end(ends[1]);
    const pid_t child = start_child(directory, round, write_end.get());
    ASSERT_GT(child, 0);
    write_end.reset();

    Report r;
    const std::size_t enough = accepted.size() + 30 + 41 * static_cast<std::size_t>(round);
    while (round == 0 || accepted.size() < enough) {
      pollfd ready{reports.get(), POLLIN, 0};
      ASSERT_EQ(poll(&ready, 1, 30'000), 1) << "the child reports nothing";
      const auto size = read(reports.get(), &r, sizeof r);
      if (round == 0 && size == 0) break;
      ASSERT_EQ(size, static_cast<ssize_t>(sizeof r)) << "the child ended by itself";
      (r.kind == 'A' ? accepted : ran).insert(std::string(r.id, strnlen(r.id, sizeof r.id)));
    }
    if (round > 0) kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    while (read(reports.get(), &r, sizeof r) == static_cast<ssize_t>(sizeof r)) {
      (r.kind == 'A' ? accepted : ran).insert(std::string(r.id, strnlen(r.id, sizeof r.id)));
    }
    if (round > 0) left_behind += kv::open_rocksdb(directory).value()->scan(due_range(), SIZE_MAX).value().size();
  }
  for (const auto& id : accepted) EXPECT_TRUE(ran.contains(id)) << id << " was accepted and never ran";
  EXPECT_GT(left_behind, 0u) << "no round was killed with events waiting: this test shows nothing";
  EXPECT_EQ(kv::open_rocksdb(directory).value()->scan({}, SIZE_MAX).value().size(), 0u);
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace wick::event
