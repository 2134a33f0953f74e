#include "api/lambda/lambda_api.h"

#include <set>
#include <utility>

#include <fmt/core.h>

#include "api/lambda/activations.h"
#include "api/lambda/invoke.h"
#include "api/lambda/model.h"
#include "api/lambda/operations.h"

namespace wick::api::lambda {

using http::aws::Match;
using http::aws::ServiceModel;

class LambdaApi::Impl {
 public:
  Impl(LambdaParts parts_in, LambdaOptions options_in)
      : parts(std::move(parts_in)),
        options(std::move(options_in)),
        activations(parts.loop, parts.pool, parts.registry, parts.packages,
                    [&engine = parts.engine](function::VersionPtr version) { engine.expect(std::move(version)); }),
        model(lambda_model()) {}

  LambdaParts parts;
  LambdaOptions options;
  Activations activations;
  const ServiceModel& model;

  std::string base_url(const http::Request& request) const {
    if (!options.public_url.empty()) return options.public_url;
    const auto host = request.fields.get("Host");
    return fmt::format("http://{}", host.empty() ? "localhost" : host);
  }

  Invoker invoker() { return {parts.loop, parts.registry, parts.engine, parts.queue, parts.pool, parts.clock, parts.random}; }

  boost::asio::awaitable<Reply> answer(Match match, http::Request request, invoke::RequestId id);
  boost::asio::awaitable<Reply> ask(Match match, http::Request request, Handler handler);
  Result<> expect_runtimes();
};

namespace {

using Invoke = boost::asio::awaitable<Reply> (*)(Invoker, boost::json::object, invoke::RequestId, std::string);

Invoke find_invoke(std::string_view operation) {
  if (operation == "Invoke") return invoke;
  if (operation == "InvokeWithResponseStream") return invoke_with_response_stream;
  if (operation == "InvokeAsync") return invoke_async;
  return nullptr;
}

}  // namespace

boost::asio::awaitable<Reply> LambdaApi::Impl::answer(Match match, http::Request request, invoke::RequestId id) {
  const auto operation = ServiceModel::name(*match.operation);
  if (const auto run = find_invoke(operation)) {
    auto input = model.decode(match, request);
    if (!input) co_return std::unexpected(std::move(input).error());
    co_return co_await run(invoker(), std::move(*input), std::move(id), std::string(request.fields.get("X-Amzn-Trace-Id")));
  }
  if (const auto handler = find_operation(operation)) co_return co_await ask(std::move(match), std::move(request), handler);
  co_return unknown_operation(request.method, request.path);
}

// Decoding is on the pool too: a package is up to 70 MB of base64.
boost::asio::awaitable<Reply> LambdaApi::Impl::ask(Match match, http::Request request, Handler handler) {
  std::vector<std::function<void(boost::json::object&)>> on_loop;
  auto output = co_await parts.pool.run([&]() -> Output {
    const auto input = model.decode(match, request);
    if (!input) return std::unexpected(input.error());
    Call call{*input, base_url(request), options, parts.clock, parts.registry, parts.blobs, parts.runtimes, parts.engine, activations, {}};
    auto made = handler(call);
    on_loop = std::move(call.on_loop);
    return made;
  });
  if (!output) co_return std::unexpected(std::move(output).error());
  for (const auto& work : on_loop) work(*output);
  co_return model.encode(*match.operation, *output);
}

// One function of each runtime in use is enough for the engine to have the runtimes ready.
Result<> LambdaApi::Impl::expect_runtimes() {
  constexpr std::size_t kPage = 1000;
  std::set<std::string> seen;
  std::string marker;
  do {
    WICK_TRY(auto page, parts.registry.list(function::Which::latest, marker, kPage));
    for (auto& version : page.items) {
      if (seen.insert(version->runtime).second) parts.engine.expect(std::move(version));
    }
    marker = std::move(page.next_marker);
  } while (!marker.empty());
  return {};
}

LambdaApi::LambdaApi(LambdaParts parts, LambdaOptions options) : impl_(std::make_unique<Impl>(std::move(parts), std::move(options))) {}
LambdaApi::~LambdaApi() = default;

Result<> LambdaApi::start() {
  const auto& parts = impl_->parts;
  WICK_TRY(const auto concurrency, parts.registry.concurrency());
  for (const auto& [name, limit] : concurrency.reserved) parts.engine.set_reserved_concurrency(name, limit);
  for (const auto& one : concurrency.provisioned) {
    if (auto version = parts.registry.find(one.function, one.version)) parts.engine.set_provisioned_concurrency(*version, one.requested);
  }
  WICK_CHECK(impl_->expect_runtimes());
  return impl_->activations.start();
}

boost::asio::awaitable<http::Response> LambdaApi::handle(http::Request request) {
  const auto id = uuid4(impl_->parts.random);
  auto match = impl_->model.match(request);
  Reply reply = unknown_operation(request.method, request.path);
  if (match) reply = co_await impl_->answer(std::move(*match), std::move(request), invoke::RequestId(id));
  if (!reply) co_return impl_->model.encode_error(reply.error(), id);
  reply->fields.set("x-amzn-RequestId", id);
  co_return std::move(*reply);
}

boost::asio::awaitable<void> LambdaApi::stop() { return impl_->activations.stop(); }

}  // namespace wick::api::lambda
