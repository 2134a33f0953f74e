#include "service/usage/usage.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "base/worker_pool.h"
#include "service/usage/usage_fixture.h"

namespace wick::service::usage {
namespace {

namespace asio = boost::asio;

// A store that can be made to fail.
class FailingStore final : public kv::Store {
 public:
  explicit FailingStore(std::unique_ptr<kv::Store> store) : store_(std::move(store)) {}
  Result<std::optional<std::string>> get(std::string_view key) override { return store_->get(key); }
  Result<std::vector<kv::Entry>> scan(const kv::KeyRange& range, std::size_t limit) override { return store_->scan(range, limit); }
  Result<> transact(const std::function<Result<>(kv::Transaction&)>& body, kv::Durability durability) override {
    if (fails) return fail(Errc::io, "the disk is full");
    return store_->transact(body, durability);
  }
  std::atomic<bool> fails = false;

 private:
  std::unique_ptr<kv::Store> store_;
};

struct UsageServiceTest : testing::Test {
  UsageServiceTest() {
    directory = testing::TempDir() + "wick_usage_XXXXXX";
    EXPECT_NE(mkdtemp(directory.data()), nullptr);
    open();
  }
  ~UsageServiceTest() override {
    close();
    std::filesystem::remove_all(directory);
  }
  void open() {
    store = std::make_unique<FailingStore>(kv::open_rocksdb(directory).value());
    usage = std::make_unique<Usage>(
        loop.get_executor(), pool, *store, clock,
        [](const function::FunctionName& name) { return name.str() == "f" ? function::Tags{{"team", "red"}} : function::Tags(); }, options);
  }
  void close() {
    run(usage->stop());
    usage.reset();
    store.reset();
  }
  template <class Done>
  void run_until(Done done) {
    while (!done()) {
      loop.restart();
      ASSERT_NE(loop.run_one_for(std::chrono::seconds(20)), 0u) << "nothing happens any more";
    }
  }
  void run(asio::awaitable<void> work) {
    bool done = false;
    asio::co_spawn(loop, std::move(work), [&](std::exception_ptr) { done = true; });
    run_until([&] { return done; });
  }
  template <class T>
  T run(asio::awaitable<T> work) {
    std::optional<T> result;
    asio::co_spawn(loop, std::move(work), [&](std::exception_ptr, T value) { result = std::move(value); });
    run_until([&] { return result.has_value(); });
    return *std::move(result);
  }
  Answer ask(Question::By by, std::string tag = {}) { return run(usage->sums({490'000, 490'002, by, std::move(tag)})).value(); }

  std::string directory;
  asio::io_context loop;
  WorkerPool pool{2};
  SetClock clock;
  UsageOptions options;
  std::unique_ptr<FailingStore> store;
  std::unique_ptr<Usage> usage;
};

TEST_F(UsageServiceTest, Groupings) {
  usage->append(make_call(make_version("f", "1"), clock.time, "a", 1));
  usage->append(make_call(make_version("f", "2"), clock.time + std::chrono::hours(1), "b", 10));
  usage->append(make_call(make_version("g", "1"), clock.time, "c", 100));
  usage->append(make_call(make_version("g", "1"), clock.time + std::chrono::hours(2), "too late", 1'000));
  const auto text = [](const Answer& answer) {
    std::string out;
    for (const auto& row : answer.rows) out += row.name.value_or("-") + "/" + row.version + "=" + std::to_string(row.totals.billed_ms) + " ";
    return out;
  };
  EXPECT_EQ(text(ask(Question::By::function)), "f/=11 g/=100 ");
  EXPECT_EQ(text(ask(Question::By::version)), "f/1=1 f/2=10 g/1=100 ");
  EXPECT_EQ(text(ask(Question::By::hour)), "2025-11-24T16:00:00.000Z/=101 2025-11-24T17:00:00.000Z/=10 ");
  EXPECT_EQ(text(ask(Question::By::tag, "team")), "-/=100 red/=11 ");
  EXPECT_EQ(ask(Question::By::hour).total.billed_ms, 111u);
}

TEST_F(UsageServiceTest, ACleanStopLosesNothing) {
  for (int i = 0; i < 100; ++i) usage->append(make_call(make_version("f"), clock.time, std::to_string(i)));
  close();
  open();
  EXPECT_EQ(ask(Question::By::function).total.calls, 100u);
  EXPECT_EQ(run(usage->calls("99")).value().size(), 1u);
}

TEST_F(UsageServiceTest, ItIsWrittenByItselfAndSoonWhenThereIsMuch) {
  usage->append(make_call(make_version("f"), clock.time, "a"));
  run_until([&] { return !store->scan({}, 1).value().empty(); });
}

TEST_F(UsageServiceTest, WhatCannotBeWrittenIsKeptAndTriedAgain) {
  options.bounds = {.calls = 2, .sums = 10};
  close();
  open();
  store->fails = true;
  for (int i = 0; i < 5; ++i) usage->append(make_call(make_version("f"), clock.time, std::to_string(i)));
  EXPECT_EQ(ask(Question::By::function).total.calls, 0u);
  store->fails = false;
  run_until([&] { return !store->scan({}, 1).value().empty(); });
  const Answer after = ask(Question::By::function);
  EXPECT_EQ(after.total.calls, 5u);
  EXPECT_EQ(after.losses, (Losses{.details = 3}));
  EXPECT_EQ(run(usage->calls("1")).value().size(), 1u);
  EXPECT_EQ(run(usage->calls("2")).value().size(), 0u);
}

}  // namespace
}  // namespace wick::service::usage
