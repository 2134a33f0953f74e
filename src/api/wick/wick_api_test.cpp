#include "api/wick/wick_api.h"

#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "api/lambda/package_token.h"
#include "base/worker_pool.h"
#include "blob/store.h"
#include "function/packages.h"
#include "function/registry.h"
#include "function/runtimes.h"
#include "invoke/engine.h"
#include "kv/store.h"
#include "service/logs/logs.h"
#include "service/usage/prices.h"
#include "service/usage/usage.h"

namespace wick::api::own {
namespace {

using boost::asio::awaitable;

// Nothing is booted here.
class NoBackend : public sandbox::Backend {
 public:
  awaitable<Result<sandbox::Booted>> boot(sandbox::Spec, std::function<void(sandbox::Exit)>) override { co_return fail(Errc::unavailable, "none"); }
  awaitable<Result<sandbox::Booted>> fork(sandbox::ForkSpec, std::function<void(sandbox::Exit)>) override {
    co_return fail(Errc::unavailable, "none");
  }
  bool can_fork() const override { return false; }
  void end_init(const sandbox::InstanceId&) override {}
  void kill(const sandbox::InstanceId&) override {}
  awaitable<Result<sandbox::Usage>> usage(sandbox::InstanceId) override { co_return sandbox::Usage{}; }
};

class Collected : public http::BodyWriter {
 public:
  awaitable<Result<>> write(std::string chunk) override {
    text += chunk;
    if (on_write) on_write();
    co_return Result<>();
  }
  std::string text;
  std::function<void()> on_write;
};

class WickApiTest : public testing::Test {
 protected:
  WickApiTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "wick-api-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    kv_ = kv::open_rocksdb(folder_ + "/kv").value();
    blobs_ = blob::open_local(folder_ + "/blob").value();
    packages_ = function::Packages::open(folder_, *blobs_).value();
    registry_ = function::Registry::open(*kv_, Clock::system(), Random::system(), "us-east-1", "000000000000").value();
    runtimes_ = function::Runtimes::discover(folder_);
    logs_ = std::make_unique<service::logs::Logs>(loop_.get_executor(), pool_, *kv_);
    engine_ = std::make_unique<invoke::Engine>(
        loop_.get_executor(), backend_, *packages_, pool_, Clock::system(), invoke::EngineOptions{}, [](invoke::LogEvent) {},
        [](invoke::UsageRecord) {});
    usage_ = std::make_unique<service::usage::Usage>(loop_.get_executor(), pool_, *kv_, Clock::system(),
                                                     [](const function::FunctionName&) { return function::Tags{{"team", "red"}}; });
    DaemonInfo info{.version = "1.2.3",
                    .started = WallTime(),
                    .data = folder_,
                    .listen = {"http://127.0.0.1:1"},
                    .privileged = false,
                    .missing = {"no memory limit"},
                    .credentials = true};
    api_ = std::make_unique<WickApi>(
        loop_.get_executor(), Parts{pool_, *blobs_, *registry_, *runtimes_, *engine_, *logs_, *usage_, prices_, Clock::system(), Random::system()},
        std::move(info), kSecret);
  }
  ~WickApiTest() override {
    run(logs_->stop());
    run(usage_->stop());
    run(engine_->stop(Millis(0)));
    std::filesystem::remove_all(folder_);
  }

  template <class T>
  T run(awaitable<T> work) {
    auto future = boost::asio::co_spawn(loop_, std::move(work), boost::asio::use_future);
    while (future.wait_for(std::chrono::seconds(0)) != std::future_status::ready) loop_.run_one();
    return future.get();
  }

  http::Response call(const std::string& method, const std::string& target, const std::string& body = {}) {
    http::Request request;
    request.method = method;
    request.target = target;
    request.path = target.substr(0, target.find('?'));
    if (const std::size_t mark = target.find('?'); mark != std::string::npos) request.query = target.substr(mark + 1);
    request.body = body;
    return run(api_->handle(std::move(request)));
  }

  void create_function(const std::string& name) {
    function::Version latest;
    latest.name = function::FunctionName(name);
    latest.runtime = "provided.al2023";
    latest.code = blobs_->put("zip").value();
    ASSERT_TRUE(registry_->create(std::move(latest), {}, function::Publish::no));
  }

  static invoke::LogEvent event(const std::string& message, std::int64_t time_ms) {
    return {function::FunctionName("f"), "$LATEST", "i", WallTime(Millis(time_ms)), message};
  }

  inline static const std::string kSecret = "secret";
  std::string folder_;
  boost::asio::io_context loop_;
  const boost::asio::executor_work_guard<boost::asio::io_context::executor_type> always_open_ = boost::asio::make_work_guard(loop_);
  NoBackend backend_;
  std::unique_ptr<kv::Store> kv_;
  std::unique_ptr<blob::Store> blobs_;
  std::unique_ptr<function::Packages> packages_;
  std::unique_ptr<function::Registry> registry_;
  std::unique_ptr<function::Runtimes> runtimes_;
  WorkerPool pool_{2};
  std::unique_ptr<service::logs::Logs> logs_;
  const service::usage::Prices prices_;
  std::unique_ptr<service::usage::Usage> usage_;
  std::unique_ptr<invoke::Engine> engine_;
  std::unique_ptr<WickApi> api_;
};

TEST_F(WickApiTest, StatusSaysWhatTheDaemonIs) {
  const http::Response response = call("GET", "/_wick/v1/status");
  ASSERT_EQ(response.status, 200u);
  const boost::json::object status = boost::json::parse(response.body).as_object();
  EXPECT_EQ(status.at("version"), "1.2.3");
  EXPECT_EQ(status.at("started"), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(status.at("listen").as_array().at(0), "http://127.0.0.1:1");
  EXPECT_EQ(status.at("region"), "us-east-1");
  EXPECT_EQ(status.at("account"), "000000000000");
  EXPECT_EQ(status.at("mode"), "rootless");
  EXPECT_EQ(status.at("missing").as_array().size(), 1u);
  EXPECT_EQ(status.at("credentials"), "configured");
}

TEST_F(WickApiTest, InstancesAndRuntimes) {
  EXPECT_EQ(call("GET", "/_wick/v1/instances").body, R"({"instances":[]})");
  const boost::json::object reply = boost::json::parse(call("GET", "/_wick/v1/runtimes").body).as_object();
  bool has_provided = false;
  for (const auto& runtime : reply.at("runtimes").as_array()) {
    has_provided |= runtime.at("name") == "provided.al2023";
    for (const auto& installable : reply.at("installable").as_array()) EXPECT_NE(installable, runtime.at("name"));
  }
  EXPECT_TRUE(has_provided);
}

TEST_F(WickApiTest, InstallingNonsenseIsRefused) {
  for (const char* body : {"", "{", "[]", "{}", R"({"name": 1})", R"({"name": ""})", R"({"name": "cobol1.x"})"}) {
    const http::Response response = call("POST", "/_wick/v1/runtimes/install", body);
    EXPECT_EQ(response.status, 400u) << body;
    EXPECT_THAT(response.body, testing::HasSubstr(R"("code":"invalid_argument")"));
  }
  EXPECT_EQ(call("POST", "/_wick/v1/runtimes/add", R"({"root": "/nonexistent"})").status, 400u);
}

TEST_F(WickApiTest, UnknownOperations) {
  for (const char* path : {"/_wick/v1/", "/_wick/v1/status/", "/_wick/v2/status", "/_wick/v1/functions/f", "/_wick/v1/functions//logs"}) {
    EXPECT_EQ(call("GET", path).status, 404u) << path;
  }
  EXPECT_EQ(call("DELETE", "/_wick/v1/status").status, 404u);
  EXPECT_THAT(call("GET", "/_wick/v1/\xff").body, testing::HasSubstr("/_wick/v1/\ufffd "));
}

TEST_F(WickApiTest, LogsByTimeAndLimit) {
  create_function("f");
  logs_->append(event("one", 1'000));
  logs_->append(event("two", 2'000));
  logs_->append(event("three", 3'000));
  const auto messages = [this](const std::string& query) {
    std::vector<std::string> found;
    for (const auto& entry : boost::json::parse(call("GET", "/_wick/v1/functions/f/logs" + query).body).at("events").as_array()) {
      found.emplace_back(entry.at("message").as_string());
    }
    return found;
  };
  EXPECT_THAT(messages(""), testing::ElementsAre("one", "two", "three"));
  EXPECT_THAT(messages("?since=2000"), testing::ElementsAre("two", "three"));
  EXPECT_THAT(messages("?limit=1"), testing::ElementsAre("three"));
  EXPECT_EQ(call("GET", "/_wick/v1/functions/other/logs").status, 404u);
  for (const char* query : {"?since=x", "?limit=0", "?limit=99999999", "?follow=maybe", "?until=1"}) {
    EXPECT_EQ(call("GET", std::string("/_wick/v1/functions/f/logs") + query).status, 400u) << query;
  }
}

TEST_F(WickApiTest, UsageAndWhatItCosts) {
  const auto version = std::make_shared<function::Version>([] {
    function::Version out;
    out.name = function::FunctionName("f");
    out.version = "3";
    out.memory_mb = 2048;
    return out;
  }());
  invoke::UsageRecord record;
  record.version = version;
  record.time = Clock::system().now();
  record.id = invoke::RequestId("id-1");
  record.timing = {.level = invoke::StartLevel::boot,
                   .queue_us = 5,
                   .start_us = 2'500,
                   .init_us = 40'000,
                   .run_us = 959'000,
                   .reply_us = 100,
                   .billed_ms = 1'000,
                   .memory_peak_mb = 64};
  record.cpu_nanos = 250'000'000;
  usage_->append(record);
  record.time -= std::chrono::hours(30);
  usage_->append(record);

  for (const char* query : {"", "?by=function"}) {
    const boost::json::object answer = boost::json::parse(call("GET", std::string("/_wick/v1/usage") + query).body).as_object();
    ASSERT_EQ(answer.at("rows").as_array().size(), 1u);
    const boost::json::object row = answer.at("rows").as_array().at(0).as_object();
    EXPECT_EQ(row.at("function"), "f");
    EXPECT_EQ(row.at("calls"), 1);
    EXPECT_EQ(row.at("coldStarts"), 1);
    EXPECT_EQ(row.at("billedMs"), 1'000);
    EXPECT_EQ(row.at("gbSeconds"), 2.0);
    EXPECT_EQ(row.at("cpuSeconds"), 0.25);
    EXPECT_DOUBLE_EQ(row.at("cost").as_double(), 2 * 0.0000166667 + 0.0000002);
    EXPECT_EQ(answer.at("total").at("cost"), row.at("cost"));
    EXPECT_EQ(answer.at("prices").at("currency"), "USD");
  }
  const auto rows = [this](const std::string& query) {
    return boost::json::serialize(boost::json::parse(call("GET", "/_wick/v1/usage" + query).body).at("rows"));
  };
  EXPECT_THAT(rows("?by=version"), testing::StartsWith(R"([{"function":"f","version":"3","calls":1)"));
  EXPECT_THAT(rows("?by=tag:team"), testing::StartsWith(R"([{"tag":"red","calls":1)"));
  EXPECT_THAT(rows("?by=tag:cost%20centre"), testing::StartsWith(R"([{"tag":null,"calls":1)"));
  EXPECT_THAT(rows("?from=0&by=hour"), testing::ContainsRegex("calls\":1.*calls\":1"));
  EXPECT_EQ(rows("?from=0&to=0"), "[]");
  for (const char* query : {"?by=", "?by=tag:", "?by=day", "?from=x", "?to=-1", "?since=1"}) {
    EXPECT_EQ(call("GET", std::string("/_wick/v1/usage") + query).status, 400u) << query;
  }

  const boost::json::object known = boost::json::parse(call("GET", "/_wick/v1/calls/id-1").body).as_object();
  EXPECT_EQ(known.at("requestId"), "id-1");
  ASSERT_EQ(known.at("attempts").as_array().size(), 2u);
  const boost::json::object attempt = known.at("attempts").as_array().at(1).as_object();
  EXPECT_EQ(attempt.at("start"), "boot");
  EXPECT_EQ(attempt.at("end"), "success");
  EXPECT_EQ(attempt.at("startMs"), 2.5);
  EXPECT_EQ(attempt.at("initMs"), 40.0);
  EXPECT_EQ(attempt.at("runMs"), 959.0);
  EXPECT_EQ(attempt.at("cpuMs"), 250.0);
  EXPECT_EQ(attempt.at("memoryMb"), 2048);
  EXPECT_DOUBLE_EQ(attempt.at("cost").as_double(), 2 * 0.0000166667 + 0.0000002);
  EXPECT_EQ(call("GET", "/_wick/v1/calls/id-2").status, 404u);
}

TEST_F(WickApiTest, FollowingEndsWhenTheDaemonStops) {
  create_function("f");
  http::Response response = call("GET", "/_wick/v1/functions/f/logs?follow=true");
  ASSERT_TRUE(response.stream);
  Collected collected;
  collected.on_write = [&] {
    if (collected.text.find("new") != std::string::npos) api_->stop();
  };
  logs_->append(event("new", 5'000));
  EXPECT_TRUE(run(response.stream(collected)));
  const boost::json::value line = boost::json::parse(collected.text.substr(0, collected.text.find('\n')));
  EXPECT_EQ(line.at("message"), "new");
  EXPECT_EQ(line.at("time"), 5'000);
}

TEST_F(WickApiTest, TemplatesOfAFunction) {
  create_function("f");
  const http::Response response = call("GET", "/_wick/v1/functions/f/templates");
  ASSERT_EQ(response.status, 200u) << response.body;
  const boost::json::value answer = boost::json::parse(response.body);
  const boost::json::value& one = answer.at("templates").as_array().at(0);
  EXPECT_EQ(one.at("version"), "$LATEST");
  EXPECT_EQ(one.at("state"), "refused");
  EXPECT_EQ(one.at("reason"), "this machine or mode cannot fork instances");
  EXPECT_EQ(call("GET", "/_wick/v1/functions/g/templates").status, 404u);
}

TEST_F(WickApiTest, PackagesByLink) {
  const std::string bytes(3'000'000, 'z');
  const blob::BlobId id = blobs_->put(bytes).value();
  const long long now_s = unix_millis(Clock::system().now()) / 1000;
  const std::string link = "/_wick/v1/packages/" + id.str() + ".zip?token=";
  http::Response response = call("GET", link + http::percent_encode(lambda::make_package_token(kSecret, id.str(), now_s + 60), http::Slash::encode));
  ASSERT_EQ(response.status, 200u) << response.body;
  Collected collected;
  EXPECT_TRUE(run(response.stream(collected)));
  EXPECT_EQ(collected.text, bytes);

  EXPECT_EQ(call("GET", link).status, 403u);
  EXPECT_EQ(call("GET", link + lambda::make_package_token(kSecret, id.str(), now_s - 1)).status, 403u);
  EXPECT_EQ(call("GET", link + lambda::make_package_token("other", id.str(), now_s + 60)).status, 403u);
  EXPECT_EQ(call("GET", "/_wick/v1/packages/../kv.zip").status, 404u);
  EXPECT_EQ(call("GET", "/_wick/v1/packages/..%2Fkv.zip").status, 400u);
}

}  // namespace
}  // namespace wick::api::own
