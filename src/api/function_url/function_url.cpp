#include "api/function_url/function_url.h"

#include "api/function_url/cors.h"
#include "api/function_url/event.h"
#include "api/function_url/reply.h"
#include "api/function_url/streamed_reply.h"
#include "api/lambda/invocation_input.h"
#include "function/registry.h"
#include "http/sigv4.h"
#include "invoke/engine.h"

namespace wick::api::function_url {

boost::asio::awaitable<http::Response> FunctionUrl::handle(std::string url_id, http::Request request) {
  auto url = registry_.find_url(url_id);
  if (!url) co_return no_such_url();
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
  Origin origin{url.url_id, invocation.id.str(), invocation.trace_id, clock_.now(), registry_.account()};
  if (url.auth == function::UrlAuth::aws_iam) {
    if (auto scope = http::signature_scope(request)) origin.access_key = std::move(scope->access_key_id);
  }
  invocation.payload = make_event(request, origin);
  if (invocation.payload.size() > invoke::kPayloadMax) co_return refusal(413, "RequestEntityTooLargeException", "Request size exceeded");

  const std::string request_id = invocation.id.str();
  const std::string trace_id = invocation.trace_id;
  http::Response response;
  if (url.mode == function::UrlInvokeMode::response_stream) {
    response = co_await streamed_reply(lambda::start_streaming(loop_, engine_, std::move(invocation)));
  } else {
    response = buffered_reply(co_await engine_.invoke(std::move(invocation)));
  }
  response.fields.set("x-amzn-RequestId", request_id);
  response.fields.set("X-Amzn-Trace-Id", trace_id);
  co_return response;
}

}  // namespace wick::api::function_url
