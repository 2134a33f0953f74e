#include "api/function_url/function_url.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "api/function_url/cors.h"
#include "api/function_url/event.h"
#include "api/function_url/reply.h"
#include "api/function_url/streamed_reply.h"
#include "api/lambda/invocation_input.h"
#include "function/registry.h"
#include "invoke/engine.h"

namespace wick::api::function_url {
namespace {

boost::asio::awaitable<void> run(invoke::Engine& engine, invoke::Invocation invocation, std::shared_ptr<lambda::StreamPipe> pipe) {
  auto outcome = co_await engine.invoke(std::move(invocation), pipe.get());
  pipe->finish(std::move(outcome));
}

}  // namespace

boost::asio::awaitable<http::Response> FunctionUrl::handle(std::string url_id, http::Request request) {
  auto url = registry_.find_url(url_id);
  if (!url) co_return refusal(404, "ResourceNotFoundException", "There is no function URL " + url_id);
  if (!url->cors) co_return co_await call(std::move(*url), std::move(request));

  const function::Cors cors = *url->cors;
  if (auto preflight = answer_preflight(cors, request)) co_return std::move(*preflight);
  const std::string origin(request.fields.get("Origin"));
  http::Response response = co_await call(std::move(*url), std::move(request));
  apply_cors(cors, origin, response);
  co_return response;
}

boost::asio::awaitable<http::Response> FunctionUrl::call(function::UrlConfig url, http::Request request) {
  auto target = registry_.resolve(url.function, url.qualifier, random_);
  if (!target) co_return forbidden();  // the alias, or the function, is gone

  invoke::Invocation invocation;
  invocation.id = invoke::RequestId(uuid4(random_));
  invocation.version = target->version;
  invocation.invoked_arn = target->invoked_arn;
  invocation.trace_id = lambda::trace_or_new(std::string(request.fields.get("X-Amzn-Trace-Id")), clock_, random_);
  invocation.payload = make_event(request, {url.url_id, invocation.id.str(), invocation.trace_id, clock_.now()});
  if (invocation.payload.size() > invoke::kPayloadMax) co_return refusal(413, "RequestEntityTooLargeException", "Request size exceeded");

  const std::string request_id = invocation.id.str();
  const std::string trace_id = invocation.trace_id;
  http::Response response;
  if (url.mode == function::UrlInvokeMode::response_stream) {
    auto pipe = std::make_shared<lambda::StreamPipe>(loop_);
    boost::asio::co_spawn(loop_, run(engine_, std::move(invocation), pipe), boost::asio::detached);
    response = co_await streamed_reply(pipe);
  } else {
    response = buffered_reply(co_await engine_.invoke(std::move(invocation)));
  }
  response.fields.set("x-amzn-RequestId", request_id);
  response.fields.set("X-Amzn-Trace-Id", trace_id);
  co_return response;
}

}  // namespace wick::api::function_url
