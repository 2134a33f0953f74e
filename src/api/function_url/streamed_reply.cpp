#include "api/function_url/streamed_reply.h"

#include "api/function_url/reply.h"

namespace wick::api::function_url {
namespace {

constexpr std::string_view kWithPrelude = "application/vnd.awslambda.http-integration-response";
constexpr std::string_view kPreludeEnd("\0\0\0\0\0\0\0\0", 8);
constexpr std::size_t kPreludeMax = 256 * 1024;  // bytes

boost::asio::awaitable<Result<>> pass_on(std::shared_ptr<lambda::StreamReader> output, std::string first, http::BodyWriter& writer) {
  if (!first.empty()) WICK_CO_CHECK(co_await writer.write(std::move(first)));
  while (auto chunk = co_await (*output)->read()) WICK_CO_CHECK(co_await writer.write(std::move(*chunk)));
  const Result<invoke::Outcome>& outcome = (*output)->outcome();
  // The header is long gone: breaking the connection off is the one way left to say that something is missing.
  if (!outcome || !outcome->function_error.empty()) co_return fail(Errc::unavailable, "the function failed in the middle of its response");
  co_return Result<>();
}

}  // namespace

http::Response buffered_reply(const Result<invoke::Outcome>& outcome) {
  if (!outcome) {
    if (outcome.error().code == Errc::throttled) return refusal(429, "TooManyRequestsException", "Rate Exceeded.");
    if (outcome.error().code == Errc::unavailable) return refusal(503, "ServiceUnavailableException", outcome.error().message);
    return internal_error();
  }
  return outcome->function_error.empty() ? reply_of(outcome->payload) : internal_error();
}

boost::asio::awaitable<http::Response> streamed_reply(std::shared_ptr<lambda::StreamReader> output) {
  lambda::StreamReader& pipe = *output;
  if (const auto* ended = co_await pipe->first(); ended != nullptr) co_return buffered_reply(*ended);

  http::Response response;
  std::string pending;
  if (pipe->content_type() == kWithPrelude) {
    std::size_t end = std::string::npos;
    while (end == std::string::npos && pending.size() < kPreludeMax) {
      auto chunk = co_await pipe->read();
      if (!chunk) break;
      pending += *chunk;
      end = pending.find(kPreludeEnd);
    }
    auto head = end == std::string::npos ? std::nullopt : reply_of_prelude(std::string_view(pending).substr(0, end));
    if (!head) co_return internal_error();
    response = std::move(*head);
    pending.erase(0, end + kPreludeEnd.size());
  } else {
    response.fields.add("Content-Type", pipe->content_type());
  }
  response.stream = [output, pending](http::BodyWriter& writer) { return pass_on(output, pending, writer); };
  co_return response;
}

}  // namespace wick::api::function_url
