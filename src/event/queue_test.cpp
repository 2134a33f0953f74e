// The queue over a real store, with functions that are lambdas and a clock that the tests set.
#include "event/queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/worker_pool.h"
#include "event/destination.h"
#include "event/record.h"

namespace wick::event {
namespace {

namespace asio = boost::asio;
using std::chrono::minutes;
using std::chrono::seconds;

class SettableClock final : public Clock {
 public:
  WallTime now() const override { return WallTime(std::chrono::microseconds(micros_)); }
  MonoTime monotonic() const override { return MonoTime(std::chrono::microseconds(micros_)); }
  void advance(std::chrono::microseconds by) { micros_ += by.count(); }

 private:
  std::atomic<std::int64_t> micros_ = 1'767'323'045'000'000;
};

Result<invoke::Outcome> succeed(std::string payload = "null") {
  invoke::Outcome outcome;
  outcome.payload = std::move(payload);
  return outcome;
}

Result<invoke::Outcome> function_error() {
  invoke::Outcome outcome;
  outcome.function_error = "Unhandled";
  outcome.error_type = "Error";
  outcome.payload = R"({"errorMessage":"boom"})";
  return outcome;
}

Result<invoke::Outcome> throttled() { return fail(Errc::throttled, "ConcurrentInvocationLimitExceeded"); }

class QueueTest : public testing::Test {
 protected:
  QueueTest() {
    directory_ = testing::TempDir() + "wick_queue_XXXXXX";
    EXPECT_NE(mkdtemp(directory_.data()), nullptr);
    store_ = kv::open_rocksdb(directory_).value();
    make_queue();
  }

  ~QueueTest() override {
    drop_queue();
    pool_.reset();  // its threads may still read
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  // As when the daemon starts: a queue that knows nothing but the store.
  void make_queue() {
    queue_ = std::make_unique<Queue>(
        loop_.get_executor(), *pool_, *store_, [this](const auto& function, const auto& qualifier) { return resolve(function, qualifier); },
        [this](invoke::Invocation invocation) { return invoke(this, std::move(invocation)); }, *queue_clock_, *random_, options_);
    queue_->start();
  }

  void drop_queue() {
    const bool stopped = await(queue_->stop(seconds(0)));
    EXPECT_TRUE(stopped);
    queue_.reset();
  }

  void restart() {
    drop_queue();
    make_queue();
  }

  template <class Done>
  void run_until(Done done) {
    while (!done()) {
      loop_.restart();
      ASSERT_NE(loop_.run_one_for(seconds(20)), 0u) << "nothing happens any more";
    }
  }

  // Runs what can run without the clock moving. The pool has one thread, so that each turn through it completes whatever the
  // queue had waiting there; no test has a longer chain of such steps.
  void settle() {
    queue_->wake();
    for (int turn = 0; turn < 150; ++turn) {
      bool done = false;
      asio::co_spawn(loop_, pool_->run([] { return 0; }), [&](std::exception_ptr, int) { done = true; });
      run_until([&] { return done; });
    }
  }

  bool await(asio::awaitable<void> work) {
    bool done = false;
    asio::co_spawn(loop_, std::move(work), [&](std::exception_ptr error) { done = !error; });
    run_until([&] { return done; });
    return done;
  }

  Result<> accept(Event event) {
    std::optional<Result<>> result;
    asio::co_spawn(loop_, queue_->accept(std::move(event)), [&](std::exception_ptr, Result<> r) { result = std::move(r); });
    run_until([&] { return result.has_value(); });
    return *result;
  }

  Event event(std::string function = "f", std::string payload = "{}") {
    Event e;
    e.id = invoke::RequestId(fmt::format("request-{:06}", ++events_));
    e.function = function::FunctionName(std::move(function));
    e.payload = std::move(payload);
    return e;
  }

  Result<Callee> resolve(const function::FunctionName& function, const std::string& qualifier) {
    if (gone_.contains(function.str())) return fail(Errc::not_found, "no such function");
    Callee callee;
    auto version = std::make_shared<function::Version>();
    version->name = function;
    version->version = qualifier == "live" ? live_ : qualifier.empty() ? "$LATEST" : qualifier;
    const auto arn = "arn:aws:lambda:us-east-1:000000000000:function:" + function.str() + (qualifier.empty() ? "" : ":" + qualifier);
    callee.target = {.version = version, .qualifier = qualifier, .invoked_arn = arn};
    callee.config = configs_[function.str()];
    callee.disabled = disabled_.contains(function.str());
    return callee;
  }

  static asio::awaitable<Result<invoke::Outcome>> invoke(QueueTest* self, invoke::Invocation invocation) {
    self->runs_.push_back(invocation);
    ++self->in_flight_;
    self->in_flight_max_ = std::max(self->in_flight_max_, self->in_flight_);
    while (self->held_) (void)co_await self->release_.async_wait(asio::as_tuple(asio::use_awaitable));
    --self->in_flight_;
    co_return self->answer_ ? self->answer_(invocation) : succeed();
  }

  void release() {
    held_ = false;
    release_.cancel();
  }

  std::size_t keys_in_store() { return store_->scan({}, SIZE_MAX).value().size(); }
  std::vector<Undelivered> undelivered() {
    std::vector<Undelivered> found;
    for (const auto& entry : store_->scan(undelivered_range(), SIZE_MAX).value()) found.push_back(decode_undelivered(entry.value).value());
    return found;
  }

  std::string directory_;
  std::unique_ptr<kv::Store> store_;
  SettableClock clock_;
  const Clock* queue_clock_ = &clock_;
  std::unique_ptr<Random> random_ = Random::seeded(7);
  std::optional<WorkerPool> pool_{std::in_place, 1};
  asio::io_context loop_;
  QueueOptions options_;
  std::unique_ptr<Queue> queue_;

  int events_ = 0;
  std::deque<invoke::Invocation> runs_;
  std::function<Result<invoke::Outcome>(const invoke::Invocation&)> answer_;
  std::map<std::string, function::EventInvokeConfig> configs_;
  std::set<std::string> gone_;
  std::set<std::string> disabled_;
  std::string live_ = "1";
  bool held_ = false;
  asio::steady_timer release_{loop_, asio::steady_timer::time_point::max()};
  std::size_t in_flight_ = 0;
  std::size_t in_flight_max_ = 0;
};

TEST_F(QueueTest, RunsAnAcceptedEventAtOnceAndForgetsIt) {
  auto e = event("resize", R"({"width":320,"name":"a rather long payload"})");
  e.qualifier = "live";
  e.client_context = R"({"custom":{}})";
  e.trace_id = "Root=1-2-3";
  ASSERT_TRUE(accept(e));
  run_until([&] { return !runs_.empty(); });
  EXPECT_EQ(runs_[0].id, e.id);
  EXPECT_EQ(runs_[0].version->version, "1");
  EXPECT_EQ(runs_[0].invoked_arn, "arn:aws:lambda:us-east-1:000000000000:function:resize:live");
  EXPECT_EQ(runs_[0].payload, e.payload);
  EXPECT_EQ(runs_[0].client_context, e.client_context);
  EXPECT_EQ(runs_[0].trace_id, e.trace_id);
  settle();
  EXPECT_EQ(runs_.size(), 1u);
  EXPECT_EQ(keys_in_store(), 0u);
}

TEST_F(QueueTest, RetriesFunctionErrorsAfterOneAndTwoMinutesThenDrops) {
  answer_ = [](const auto&) { return function_error(); };
  ASSERT_TRUE(accept(event("f", R"({"n":1})")));
  settle();
  EXPECT_EQ(runs_.size(), 1u);
  const std::pair<seconds, std::size_t> expected[] = {{seconds(59), 1}, {seconds(1), 2}, {seconds(119), 2}, {seconds(1), 3}, {seconds(3600), 3}};
  for (const auto& [wait, runs] : expected) {
    clock_.advance(wait);
    settle();
    EXPECT_EQ(runs_.size(), runs);
  }
  EXPECT_EQ(runs_.back().payload, R"({"n":1})");
  EXPECT_EQ(runs_.back().id, runs_.front().id);
  EXPECT_EQ(keys_in_store(), 0u);
}

TEST_F(QueueTest, ResolvesTheQualifierAtEachAttempt) {
  answer_ = [](const auto&) { return function_error(); };
  auto e = event();
  e.qualifier = "live";
  ASSERT_TRUE(accept(e));
  settle();
  live_ = "2";
  clock_.advance(minutes(1));
  settle();
  ASSERT_EQ(runs_.size(), 2u);
  EXPECT_EQ(runs_[0].version->version, "1");
  EXPECT_EQ(runs_[1].version->version, "2");
}

TEST_F(QueueTest, ThrottledEventsComeBackUntilTheyAreTooOld) {
  configs_["f"].event_age_max_s = 60;
  answer_ = [](const auto&) { return throttled(); };
  ASSERT_TRUE(accept(event()));
  for (int second = 0; second <= 70; ++second) {
    settle();
    clock_.advance(seconds(1));
  }
  EXPECT_EQ(runs_.size(), 6u);  // at 0, then after 1, 2, 4, 8, 16 s; 32 s more would be too late
  EXPECT_EQ(keys_in_store(), 0u);
}

TEST_F(QueueTest, TheTimerBringsARetryByItself) {
  drop_queue();
  queue_clock_ = &Clock::system();  // the retry comes after the real second that the test waits for
  make_queue();
  answer_ = [this](const auto&) { return runs_.size() == 1 ? throttled() : succeed(); };
  ASSERT_TRUE(accept(event()));
  run_until([&] { return runs_.size() == 2; });
}

TEST_F(QueueTest, AnInvocationThatThrowsIsASystemError) {
  answer_ = [this](const auto&) -> Result<invoke::Outcome> {
    if (runs_.size() == 1) throw std::runtime_error("a bug");
    return succeed();
  };
  ASSERT_TRUE(accept(event()));
  settle();
  clock_.advance(seconds(1));
  settle();
  EXPECT_EQ(runs_.size(), 2u);
  EXPECT_EQ(keys_in_store(), 0u);
}

TEST_F(QueueTest, AnEventOfADeletedFunctionIsDropped) {
  gone_.insert("f");
  ASSERT_TRUE(accept(event()));
  settle();
  EXPECT_TRUE(runs_.empty());
  EXPECT_EQ(keys_in_store(), 0u);
}

TEST_F(QueueTest, AnEventOfADisabledFunctionGoesToItsFailureDestinationUnrun) {
  disabled_.insert("f");
  configs_["f"].on_failure_arn = "arn:aws:lambda:us-east-1:000000000000:function:bad";
  ASSERT_TRUE(accept(event()));
  settle();
  ASSERT_EQ(runs_.size(), 1u);
  EXPECT_EQ(runs_[0].version->name.str(), "bad");
  const auto* expected = R"("condition":"ZeroReservedConcurrency","approximateInvokeCount":0},"requestPayload":{}})";
  EXPECT_NE(runs_[0].payload.find(expected), std::string::npos) << runs_[0].payload;
}

TEST_F(QueueTest, SendsOutcomesToDestinationFunctions) {
  configs_["f"].on_success_arn = "arn:aws:lambda:us-east-1:000000000000:function:good";
  configs_["f"].on_failure_arn = "arn:aws:lambda:us-east-1:000000000000:function:bad:live";
  configs_["f"].retries_max = 0;
  answer_ = [](const auto& invocation) { return invocation.payload == "0" ? function_error() : succeed(R"("done")"); };
  ASSERT_TRUE(accept(event("f", "1")));
  settle();
  ASSERT_EQ(runs_.size(), 2u);
  EXPECT_EQ(runs_[1].version->name.str(), "good");
  EXPECT_NE(runs_[1].payload.find(R"("condition":"Success")"), std::string::npos) << runs_[1].payload;
  EXPECT_NE(runs_[1].payload.find(R"("requestPayload":1)"), std::string::npos) << runs_[1].payload;
  EXPECT_NE(runs_[1].payload.find(R"("responsePayload":"done")"), std::string::npos) << runs_[1].payload;
  EXPECT_NE(runs_[1].id, runs_[0].id);

  ASSERT_TRUE(accept(event("f", "0")));
  settle();
  ASSERT_EQ(runs_.size(), 4u);
  EXPECT_EQ(runs_[3].version->name.str(), "bad");
  EXPECT_EQ(runs_[3].version->version, "1");
  EXPECT_NE(runs_[3].payload.find(R"("condition":"RetriesExhausted")"), std::string::npos) << runs_[3].payload;
  EXPECT_EQ(keys_in_store(), 0u);
}

TEST_F(QueueTest, KeepsAResultThatHasNowhereToGo) {
  configs_["f"].on_success_arn = "arn:aws:sqs:us-east-1:000000000000:q";
  ASSERT_TRUE(accept(event("f", "17")));
  settle();
  const auto kept = undelivered();
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].destination_arn, configs_["f"].on_success_arn);
  EXPECT_NE(kept[0].record.find(R"("requestPayload":17,)"), std::string::npos) << kept[0].record;
  EXPECT_EQ(keys_in_store(), 1u);
}

TEST_F(QueueTest, EndsALoopOfDestinations) {
  configs_["f"].on_success_arn = "arn:aws:lambda:us-east-1:000000000000:function:g";
  configs_["g"].on_success_arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
  ASSERT_TRUE(accept(event()));
  settle();
  EXPECT_EQ(runs_.size(), 1 + kHopsMax);
  EXPECT_EQ(undelivered().size(), 1u);
}

TEST_F(QueueTest, RunsAtMostSoManyAtOnce) {
  drop_queue();
  options_.workers = 6;  // of which one function gets half
  make_queue();
  held_ = true;
  for (int n = 0; n < 20; ++n) ASSERT_TRUE(accept(event("f", std::to_string(n))));
  settle();
  EXPECT_EQ(in_flight_, 3u);
  release();
  run_until([&] { return runs_.size() == 20; });
  settle();
  EXPECT_EQ(in_flight_max_, 3u);
  EXPECT_EQ(runs_.size(), 20u);
  std::set<std::string> payloads;
  for (const auto& run : runs_) payloads.insert(run.payload);
  EXPECT_EQ(payloads.size(), 20u);
  EXPECT_EQ(keys_in_store(), 0u);
}

TEST_F(QueueTest, AFunctionWhoseEventsPileUpDoesNotHoldUpAnother) {
  drop_queue();
  options_.workers = 4;
  make_queue();
  held_ = true;
  for (int n = 0; n < 40; ++n) ASSERT_TRUE(accept(event("busy")));
  settle();
  EXPECT_EQ(in_flight_, 2u);
  ASSERT_TRUE(accept(event("other")));
  settle();
  EXPECT_EQ(in_flight_, 3u);
  EXPECT_EQ(runs_.back().version->name.str(), "other");

  // In the store it lies behind more of the first one's than a look finds at once.
  runs_.clear();
  restart();
  settle();
  ASSERT_EQ(runs_.size(), 3u);
  EXPECT_EQ(runs_.back().version->name.str(), "other");
  release();
  run_until([&] { return runs_.size() >= 41; });
  settle();
  EXPECT_EQ(keys_in_store(), 0u);
}

TEST_F(QueueTest, RefusesWhatItCannotKeep) {
  drop_queue();
  options_.backlog_max = 4;  // of which one function gets half
  make_queue();
  held_ = true;
  ASSERT_TRUE(accept(event()));
  ASSERT_TRUE(accept(event()));
  EXPECT_EQ(accept(event()).error().code, Errc::throttled);
  EXPECT_TRUE(accept(event("g")));
  release();
  settle();
  EXPECT_TRUE(accept(event()));
  EXPECT_EQ(accept(event("f", std::string(invoke::kEventPayloadMax + 1, ' '))).error().code, Errc::too_large);
  drop_queue();
  make_queue();
  ASSERT_TRUE(await(queue_->stop()));
  EXPECT_EQ(accept(event()).error().code, Errc::unavailable);
}

TEST_F(QueueTest, StopWaitsForAttemptsInFlight) {
  held_ = true;
  ASSERT_TRUE(accept(event()));
  run_until([&] { return in_flight_ == 1; });
  bool stopped = false;
  asio::co_spawn(loop_, queue_->stop(minutes(1)), [&](std::exception_ptr) { stopped = true; });
  loop_.restart();
  loop_.poll();
  EXPECT_FALSE(stopped);
  release();
  run_until([&] { return stopped; });
  EXPECT_EQ(keys_in_store(), 0u);
}

TEST_F(QueueTest, TakesWhatDidNotFinishAgainAtTheNextStart) {
  held_ = true;
  ASSERT_TRUE(accept(event("f", "1")));
  run_until([&] { return in_flight_ == 1; });
  restart();
  run_until([&] { return in_flight_ == 2; });
  release();
  settle();
  ASSERT_EQ(runs_.size(), 2u);
  EXPECT_EQ(runs_[0].id, runs_[1].id);
  EXPECT_EQ(keys_in_store(), 0u);
}

TEST_F(QueueTest, RetryStateSurvivesARestart) {
  answer_ = [](const auto&) { return function_error(); };
  ASSERT_TRUE(accept(event()));
  settle();
  restart();
  settle();
  EXPECT_EQ(runs_.size(), 1u);
  clock_.advance(minutes(1));
  settle();
  EXPECT_EQ(runs_.size(), 2u);
  restart();
  clock_.advance(minutes(2));
  settle();
  EXPECT_EQ(runs_.size(), 3u);
  EXPECT_EQ(keys_in_store(), 0u);
}

}  // namespace
}  // namespace wick::event
