#pragma once
// What the Lambda API's tests share: the whole API over real parts in a temporary folder, with a backend whose functions echo. Tests only.
#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <memory>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json.hpp>

#include "api/lambda/lambda_api.h"
#include "base/digest.h"
#include "base/worker_pool.h"
#include "event/queue.h"
#include "function/test_zip.h"
#include "invoke/fake_backend.h"

namespace wick::api::lambda {

class ApiTest : public ::testing::Test {
 protected:
  struct Answer {
    unsigned status = 0;
    http::Fields fields;
    std::string text;          // the body, or all of a streamed one
    boost::json::object body;  // when it is a JSON object
  };

  ApiTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "wick-lambda-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    blobs_ = blob::open_local(folder_ + "/blobs").value();
    store_ = kv::open_rocksdb(folder_ + "/kv").value();
    packages_ = function::Packages::open(folder_, *blobs_).value();
    backend.script = [](invoke::FakeRuntime& runtime) {
      runtime.send(invoke::FrameType::ready);
      while (auto call = runtime.next()) runtime.send(invoke::FrameType::result, call->payload);
      return 0;
    };
    open();
  }
  ~ApiTest() override {
    close();
    packages_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  void open() {
    registry = function::Registry::open(*store_, Clock::system(), Random::system(), "us-east-1", "000000000000").value();
    engine = std::make_unique<invoke::Engine>(
        loop.get_executor(), backend, *packages_, pool_, Clock::system(), invoke::EngineOptions{}, [](invoke::LogEvent) {},
        [](invoke::UsageRecord) {});
    queue_ = std::make_unique<event::Queue>(
        loop.get_executor(), pool_, *store_, *registry, [this](invoke::Invocation one) { return engine->invoke(std::move(one)); }, Clock::system(),
        Random::system());
    LambdaParts parts{loop.get_executor(), *registry, *blobs_, *packages_, runtimes(), *engine, *queue_, pool_, Clock::system(), Random::system()};
    api = std::make_unique<LambdaApi>(std::move(parts), LambdaOptions{"http://127.0.0.1:4566", "secret", {}});
    ASSERT_TRUE(api->start());
  }
  void close() {
    run(api->stop());
    run(queue_->stop());  // what it runs resolves functions on other threads
    run(engine->stop(std::chrono::milliseconds(0)));
    api.reset();
    queue_.reset();
    engine.reset();
    registry.reset();
  }

  // One search of the machine for all tests.
  function::Runtimes& runtimes() {
    static const auto found = function::Runtimes::discover("/nonexistent");
    return *found;
  }

  template <class T>
  T run(boost::asio::awaitable<T> task) {
    auto done = boost::asio::co_spawn(loop, std::move(task), boost::asio::use_future);
    auto work = boost::asio::make_work_guard(loop);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (done.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
      if (std::chrono::steady_clock::now() > end) throw std::runtime_error("a test waited for 30 s");
      loop.restart();
      loop.run_one_for(std::chrono::milliseconds(100));
    }
    return done.get();
  }

  struct Collector final : http::BodyWriter {
    std::string text;
    boost::asio::awaitable<Result<>> write(std::string chunk) override {
      text += chunk;
      co_return Result<>();
    }
  };

  static boost::asio::awaitable<void> drain(http::Response& response) {
    Collector collector;
    if (!co_await response.stream(collector)) throw std::runtime_error("the stream failed");
    response.body = std::move(collector.text);
  }

  Answer call(std::string method, std::string target, std::string body = {}, std::vector<std::pair<std::string, std::string>> fields = {}) {
    http::Request request;
    request.method = std::move(method);
    const auto question = target.find('?');
    request.path = target.substr(0, question);
    if (question != std::string::npos) request.query = target.substr(question + 1);
    request.target = std::move(target);
    request.body = std::move(body);
    for (auto& [name, value] : fields) request.fields.add(std::move(name), std::move(value));
    auto response = run(api->handle(std::move(request)));
    if (response.stream) run(drain(response));
    Answer answer{response.status, std::move(response.fields), std::move(response.body), {}};
    boost::system::error_code ec;
    if (auto value = boost::json::parse(answer.text, ec); !ec && value.is_object()) answer.body = value.get_object();
    return answer;
  }
  Answer call(std::string method, std::string target, const boost::json::object& body) {
    return call(std::move(method), std::move(target), boost::json::serialize(body));
  }

  static std::string zip_base64(const std::string& content = "code") { return to_base64(function::make_zip({{"index.py", content}})); }

  static boost::json::object function_input(const std::string& name) {
    return {{"FunctionName", name},
            {"Runtime", "python3.11"},
            {"Handler", "index.handler"},
            {"Role", "arn:aws:iam::000000000000:role/r"},
            {"Code", {{"ZipFile", zip_base64()}}}};
  }

  static std::string at(const std::string& name, const std::string& rest = {}) { return "/2015-03-31/functions/" + name + rest; }

  Answer create(const std::string& name) { return call("POST", "/2015-03-31/functions", function_input(name)); }

  // Waits until what is under way for the function is done, and gives its configuration.
  boost::json::object settled(const std::string& name) {
    for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30); std::chrono::steady_clock::now() < end;) {
      auto answer = call("GET", at(name, "/configuration"));
      const auto& body = answer.body;
      const auto* update = body.if_contains("LastUpdateStatus");
      if (answer.status != 200 || (body.at("State") != "Pending" && update != nullptr && *update != "InProgress")) return std::move(answer.body);
    }
    throw std::runtime_error(name + " is still pending after 30 s");
  }

  boost::asio::io_context loop{1};
  invoke::FakeBackend backend{loop.get_executor()};
  std::unique_ptr<function::Registry> registry;
  std::unique_ptr<invoke::Engine> engine;
  std::unique_ptr<LambdaApi> api;

 private:
  std::string folder_;
  WorkerPool pool_{2};
  std::unique_ptr<blob::Store> blobs_;
  std::unique_ptr<kv::Store> store_;
  std::unique_ptr<function::Packages> packages_;
  std::unique_ptr<event::Queue> queue_;
};

}  // namespace wick::api::lambda
