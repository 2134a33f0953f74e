#include "gateway/gateway.h"

#include <exception>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "gateway/browser_guard.h"

namespace wick::gateway {
namespace {

constexpr std::string_view kRequestId = "x-amzn-RequestId";

// Links to packages carry a token of their own and must work unsigned, as AWS's presigned ones do.
bool is_package_link(const Route& route, const http::Request& request) {
  return route.service == Service::wick && request.path.starts_with("/_wick/v1/packages/");
}

// A browser asks before it sends a signed request, and cannot sign the question.
bool is_preflight(const http::Request& request) {
  return request.method == "OPTIONS" && request.fields.find("origin") != nullptr && request.fields.find("access-control-request-method") != nullptr;
}

void strip_prefix(http::Request& request, std::size_t prefix) {
  for (std::string* text : {&request.path, &request.target}) {
    text->erase(0, prefix);
    if (!text->starts_with('/')) text->insert(0, "/");
  }
}

}  // namespace

Gateway::Gateway(Services services, Credentials credentials, const Clock& clock, Random& random)
    : services_(std::move(services)), credentials_(std::move(credentials)), clock_(clock), random_(random) {}

boost::asio::awaitable<http::Response> Gateway::handle(http::Request request) {
  Route route = route_of(request);
  const Service service = route.service;
  const std::string method = request.method;
  const std::string path = request.path;
  const MonoTime start = clock_.monotonic();
  http::Response response;
  try {
    response = co_await answer(std::move(route), std::move(request));
  } catch (const std::exception& error) {
    spdlog::error("{} {}: {}", method, path, error.what());
    response = to_response(service, {500, "ServiceException", "The service encountered an internal error; the daemon's log says more."});
  }
  if (response.fields.find(kRequestId) == nullptr) response.fields.add(std::string(kRequestId), uuid4(random_));
  if (spdlog::should_log(spdlog::level::debug)) {
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(clock_.monotonic() - start);
    spdlog::debug("{} {}: {} in {} us", method, path, response.status, took.count());
  }
  co_return response;
}

boost::asio::awaitable<http::Response> Gateway::answer(Route route, http::Request request) {
  if (const auto refused = refusal(route, request)) co_return to_response(route.service, *refused);
  switch (route.service) {
    case Service::function_url:
      strip_prefix(request, route.prefix);
      co_return co_await services_.function_url(std::move(route.url_id), std::move(request));
    case Service::wick:
      co_return co_await services_.wick(std::move(request));
    case Service::lambda:
      co_return co_await services_.lambda(std::move(request));
    case Service::none:
      break;
  }
  co_return to_response(
      route.service, {404, "UnknownOperationException", fmt::format("{} {} is not an operation of any service here.", request.method, request.path)});
}

std::optional<Refusal> Gateway::refusal(const Route& route, const http::Request& request) const {
  if (route.service == Service::function_url) return url_refusal(route, request);
  if (is_package_link(route, request)) return std::nullopt;
  if (!request.instance.empty() && route.service == Service::wick) {
    return Refusal{403, "AccessDeniedException", "Functions may not use Wick's own API"};
  }
  if (!credentials_.operator_key && request.instance.empty()) {
    if (auto reason = browser_refusal(request)) return Refusal{403, "AccessDeniedException", std::move(*reason)};
  }
  return verify_caller(credentials_, request, route.service == Service::wick ? "wick" : "lambda", clock_.now());
}

std::optional<Refusal> Gateway::url_refusal(const Route& route, const http::Request& request) const {
  const Result<function::UrlConfig> url = services_.find_url(route.url_id);
  if (!url || url->auth == function::UrlAuth::none) return std::nullopt;
  if (url->cors && is_preflight(request)) return std::nullopt;
  if (!credentials_.operator_key && request.instance.empty()) {
    if (auto reason = page_refusal(request)) return Refusal{403, "AccessDeniedException", std::move(*reason)};
  }
  if (!http::signature_scope(request)) return Refusal{403, "AccessDeniedException", "Forbidden"};
  return verify_caller(credentials_, request, "lambda", clock_.now());
}

}  // namespace wick::gateway
