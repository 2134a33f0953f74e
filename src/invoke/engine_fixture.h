#pragma once
// For tests: an engine on a fake backend and a loop of its own. No part of the program includes it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/random.h"
#include "base/worker_pool.h"
#include "blob/store.h"
#include "function/packages.h"
#include "function/test_zip.h"
#include "invoke/engine.h"
#include "invoke/fake_backend.h"

namespace wick::invoke {

using namespace std::chrono_literals;
using Answer = Result<Outcome>;

class EngineTest : public testing::Test {
 protected:
  EngineTest() {
    options.function_access_key = options.function_secret_key = "test";
    options.memory_available = [] { return 1.0; };
    options.waited_for_processor = [] { return 0ns; };
    std::string name = testing::TempDir() + "wick_invoke_XXXXXX";
    folder_ = ::mkdtemp(name.data());
    blobs_ = blob::open_local(folder_ + "/blobs").value();
    code_ = blobs_->put(function::make_zip({{"index.py", "code"}})).value();
    packages_ = function::Packages::open(folder_, *blobs_).value();
  }
  ~EngineTest() override { std::filesystem::remove_all(folder_); }
  // While what a test's own class has is still there: the runtimes of the fake backend use it, each on its thread.
  void TearDown() override {
    if (engine_) {
      run(engine_->stop(0ms));
      EXPECT_EQ(backend.alive, 0);
    }
    engine_.reset();
  }

  Engine& engine() {
    if (!engine_) {
      engine_ = std::make_unique<Engine>(
          loop.get_executor(), backend, *packages_, pool_, *clock, options, [this](LogEvent event) { logged.push_back(std::move(event)); },
          [this](UsageRecord record) { metered.push_back(std::move(record)); });
    }
    return *engine_;
  }

  // A version with the given name; each call makes a new generation.
  std::shared_ptr<function::Version> version(const std::string& name = "f", const std::string& runtime = "python3.11") {
    auto out = std::make_shared<function::Version>();
    out->name = function::FunctionName(name);
    out->generation = uuid4();
    out->runtime = runtime;
    out->handler = "index.handler";
    out->code = code_;
    return out;
  }

  static Invocation invocation(function::VersionPtr of, std::string payload = "{}") {
    return {RequestId(uuid4()), std::move(of), "arn:aws:lambda:us-east-1:000000000000:function:f", std::move(payload), {}, {}};
  }

  // A call that runs whenever the loop does.
  std::future<Answer> start(function::VersionPtr of, std::string payload = "{}", ResponseStream* stream = nullptr) {
    return boost::asio::co_spawn(loop, engine().invoke(invocation(std::move(of), std::move(payload)), stream), boost::asio::use_future);
  }
  Outcome finish(std::future<Answer> call) {
    run_until([&] { return call.wait_for(0s) == std::future_status::ready; });
    Answer answer = call.get();
    if (answer) return *answer;
    ADD_FAILURE() << answer.error().message;
    return {};
  }
  Outcome invoke(function::VersionPtr of, std::string payload = "{}", ResponseStream* stream = nullptr) {
    return finish(start(std::move(of), std::move(payload), stream));
  }
  Error refused(function::VersionPtr of) { return error(start(std::move(of))); }
  Error error(std::future<Answer> call) {
    run_until([&] { return call.wait_for(0s) == std::future_status::ready; });
    const Answer answer = call.get();
    if (!answer) return answer.error();
    ADD_FAILURE() << "not refused: " << answer->payload;
    return {};
  }

  void run_until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 30s;
    auto work = boost::asio::make_work_guard(loop);
    while (!condition()) {
      loop.restart();
      loop.run_one_for(100ms);
      if (std::chrono::steady_clock::now() > end) throw std::runtime_error("a test waited for 30 s");
    }
  }
  void run_for(Millis time) {
    auto work = boost::asio::make_work_guard(loop);
    loop.restart();
    loop.run_for(time);
  }
  void run(boost::asio::awaitable<void> task) {
    auto done = boost::asio::co_spawn(loop, std::move(task), boost::asio::use_future);
    run_until([&] { return done.wait_for(0s) == std::future_status::ready; });
    done.get();
  }

  // How many folders of code no instance keeps on disk; they are gone then.
  std::size_t sweep() { return packages_->sweep({}, {}, {}).value(); }

  int count(const std::string& state) {
    const auto all = engine().instances();
    return static_cast<int>(std::ranges::count_if(all, [&](const InstanceInfo& one) { return one.state == state; }));
  }
  static std::string member(const std::string& json, const char* key) {
    const auto value = boost::json::parse(json);
    const auto* found = value.as_object().if_contains(key);
    return found && found->is_string() ? std::string(found->as_string()) : std::string();
  }

  boost::asio::io_context loop{1};
  FakeBackend backend{loop.get_executor()};
  EngineOptions options;
  const Clock* clock = &Clock::system();
  std::vector<LogEvent> logged;
  std::vector<UsageRecord> metered;

 private:
  std::string folder_;
  blob::BlobId code_;
  WorkerPool pool_{1};
  std::unique_ptr<blob::Store> blobs_;
  std::unique_ptr<function::Packages> packages_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace wick::invoke
