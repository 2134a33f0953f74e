#include "service/logs/logs.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "base/worker_pool.h"

namespace wick::service::logs {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

const function::FunctionName kF("f");

class LogsTest : public testing::Test {
 protected:
  LogsTest() {
    directory_ = testing::TempDir() + "wick_logs_XXXXXX";
    EXPECT_NE(mkdtemp(directory_.data()), nullptr);
    store_ = kv::open_rocksdb(directory_).value();
    logs_ = std::make_unique<Logs>(loop_.get_executor(), pool_, *store_);
  }
  ~LogsTest() override {
    run(logs_->stop());
    logs_.reset();
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  template <class Done>
  void run_until(Done done) {
    while (!done()) {
      loop_.restart();
      ASSERT_NE(loop_.run_one_for(std::chrono::seconds(20)), 0u) << "nothing happens any more";
    }
  }
  void run(asio::awaitable<void> work) {
    bool done = false;
    asio::co_spawn(loop_, std::move(work), [&](std::exception_ptr) { done = true; });
    run_until([&] { return done; });
  }
  template <class T>
  T run(asio::awaitable<T> work) {
    std::optional<T> result;
    asio::co_spawn(loop_, std::move(work), [&](std::exception_ptr, T value) { result = std::move(value); });
    run_until([&] { return result.has_value(); });
    return *std::move(result);
  }

  static invoke::LogEvent event(int second, std::string message, const function::FunctionName& function = kF) {
    return {
        .function = function, .version = "$LATEST", .instance = "i-1", .time = WallTime(std::chrono::seconds(second)), .message = std::move(message)};
  }
  static std::vector<std::string> messages(const std::vector<invoke::LogEvent>& events) {
    std::vector<std::string> found;
    for (const auto& e : events) found.push_back(e.message);
    return found;
  }
  std::vector<std::string> read(int since = 0, std::size_t limit = 1'000, const function::FunctionName& function = kF) {
    return messages(run(logs_->read(function, WallTime(std::chrono::seconds(since)), limit)).value());
  }
  std::size_t keys_in_store() { return store_->scan({}, SIZE_MAX)->size(); }

  using Messages = std::vector<std::string>;

  std::string directory_;
  std::unique_ptr<kv::Store> store_;
  WorkerPool pool_{2};
  asio::io_context loop_;
  std::unique_ptr<Logs> logs_;
};

TEST_F(LogsTest, ReadsWhatWasJustAppended) {
  logs_->append(event(1, "first, with some length"));
  logs_->append(event(2, "second"));
  EXPECT_EQ(keys_in_store(), 0u);
  EXPECT_EQ(read(), (Messages{"first, with some length", "second"}));
  logs_->append(event(3, "third"));
  EXPECT_EQ(read(0, 2), (Messages{"second", "third"}));
  EXPECT_EQ(read(3), Messages{"third"});
  EXPECT_EQ(read(0, 9, function::FunctionName("g")), Messages{});
}

TEST_F(LogsTest, FlushesByItself) {
  logs_->append(event(1, "a"));
  run_until([&] { return keys_in_store() > 0; });
}

TEST_F(LogsTest, FlushesAtOnceWhenMuchIsBuffered) {
  // Far more than the buffer holds, without a turn of the loop between: what is lost is said, what is kept is in order.
  const std::string big(1'000'000, 'x');
  for (int n = 0; n < 20; ++n) logs_->append(event(n, std::to_string(n) + big));
  const auto found = read();
  ASSERT_GE(found.size(), 2u);
  EXPECT_EQ(found.front(), "[12 log events are missing here: they came faster than they could be written]");
  EXPECT_EQ(found.size(), 9u);
  EXPECT_EQ(found.back().substr(0, 4), "19xx");
}

TEST_F(LogsTest, StopFlushesAndTakesNothingMore) {
  logs_->append(event(1, "kept"));
  run(logs_->stop());
  logs_->append(event(2, "late"));
  logs_ = std::make_unique<Logs>(loop_.get_executor(), pool_, *store_);
  EXPECT_EQ(read(), Messages{"kept"});
}

TEST_F(LogsTest, AFollowerIsWokenByEachEvent) {
  logs_->append(event(1, "before"));
  const auto subscription = logs_->subscribe(kF);
  std::optional<std::vector<invoke::LogEvent>> got;
  asio::co_spawn(loop_, Logs::next(subscription, std::chrono::minutes(10)),
                 [&](std::exception_ptr, std::vector<invoke::LogEvent> events) { got = std::move(events); });
  loop_.restart();
  loop_.poll();
  EXPECT_FALSE(got);
  logs_->append(event(2, "elsewhere", function::FunctionName("g")));
  logs_->append(event(2, "now"));
  loop_.restart();
  loop_.poll();  // no flush is waited for
  ASSERT_TRUE(got);
  EXPECT_EQ(messages(*got), Messages{"now"});

  logs_->append(event(3, "a"));
  logs_->append(event(4, "b"));
  EXPECT_EQ(messages(run(Logs::next(subscription, std::chrono::minutes(10)))), (Messages{"a", "b"}));
  EXPECT_EQ(messages(run(Logs::next(subscription, milliseconds(1)))), Messages{});
}

TEST_F(LogsTest, AFollowerFarBehindMissesTheOldest) {
  const auto subscription = logs_->subscribe(kF);
  for (std::size_t n = 0; n < kFollowEventsMax + 5; ++n) logs_->append(event(1, std::to_string(n)));
  const auto got = run(Logs::next(subscription, milliseconds(1)));
  ASSERT_EQ(got.size(), kFollowEventsMax);
  EXPECT_EQ(got.front().message, "5");

  const std::string big(1'000'000, 'x');
  for (int n = 0; n < 20; ++n) logs_->append(event(n, big));
  EXPECT_EQ(run(Logs::next(subscription, milliseconds(1))).size(), kFollowBytesMax / big.size());
}

TEST_F(LogsTest, RemoveTakesTheBufferedToo) {
  logs_->append(event(1, "flushed"));
  EXPECT_EQ(read().size(), 1u);
  logs_->append(event(2, "buffered"));
  logs_->append(event(2, "stays", function::FunctionName("g")));
  ASSERT_TRUE(run(logs_->remove(kF)));
  EXPECT_EQ(read(), Messages{});
  EXPECT_EQ(read(0, 9, function::FunctionName("g")), Messages{"stays"});
}

}  // namespace
}  // namespace wick::service::logs
