#include "api/lambda/invocation_input.h"

#include <chrono>
#include <utility>

#include <fmt/core.h>

#include "api/lambda/payload_json.h"
#include "base/digest.h"
#include "function/json_fields.h"

namespace wick::api::lambda {
namespace {

constexpr std::size_t kClientContextMax = 3583;  // bytes, encoded (AWS, Invoke)

}  // namespace

boost::asio::awaitable<ApiResult<function::Target>> target_of(Invoker invoker, Named who) {
  auto target = [&]() -> Result<function::Target> {
    auto cached = invoker.registry.resolve_cached(who.name, who.qualifier, invoker.random);
    return cached ? Result<function::Target>(std::move(*cached)) : fail(Errc::unavailable, {});
  }();
  if (!target) {
    target = co_await invoker.pool.run([&] { return invoker.registry.resolve(who.name, who.qualifier, invoker.random); });
  }
  if (!target) co_return refuse(target.error());
  if (target->version->state == function::State::failed) {
    co_return http::aws::api_error(409, "ResourceConflictException",
                                   "The operation cannot be performed at this time. The function is currently in the following state: Failed");
  }
  co_return std::move(*target);
}

ApiResult<std::string> payload_of(boost::json::object& input, std::string_view member) {
  const auto* given = function::member(input, member);
  if (given == nullptr || given->get_string().empty()) return std::string("{}");
  if (auto why = why_not_json(given->get_string())) return invalid_content(*why);
  return std::string(std::string_view(given->get_string()));
}

ApiResult<std::string> client_context_of(const boost::json::object& input) {
  const auto encoded = function::text(input, "ClientContext");
  if (encoded.empty()) return std::string();
  if (encoded.size() > kClientContextMax) {
    return http::aws::api_error(400, "InvalidRequestContentException",
                                fmt::format("Client context must be no longer than {} bytes", kClientContextMax));
  }
  auto decoded = from_base64(encoded);
  if (!decoded || why_not_json(*decoded)) {
    return http::aws::api_error(400, "InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object.");
  }
  return std::move(*decoded);
}

std::string trace_or_new(std::string given, const Clock& clock, Random& random) {
  if (!given.empty()) return given;
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(clock.now().time_since_epoch()).count();
  return fmt::format("Root=1-{:08x}-{:016x}{:08x};Parent={:016x};Sampled=0", now, random.next(), random.next() >> 32U, random.next());
}

std::unexpected<ApiError> not_run(const Error& error) {
  if (error.code == Errc::throttled) return throttled(error.message);
  return refuse(error);
}

}  // namespace wick::api::lambda
