#include <exception>
#include <memory>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "api/lambda/invocation_input.h"
#include "api/lambda/invoke.h"
#include "api/lambda/stream_pipe.h"
#include "base/digest.h"
#include "function/json_fields.h"
#include "http/aws/event_stream.h"

namespace wick::api::lambda {
namespace {

using http::aws::encode_event;

std::string chunk_event(std::string_view bytes) { return encode_event("PayloadChunk", "application/octet-stream", bytes); }

// The event that ends every stream: how it went, and the log when it was asked for.
std::string complete_event(const Result<invoke::Outcome>& outcome, bool tail) {
  boost::json::object body;
  if (!outcome) {
    body["ErrorCode"] = "ServiceException";
    body["ErrorDetails"] = outcome.error().message;
  } else if (!outcome->function_error.empty()) {
    body["ErrorCode"] = outcome->error_type;
    body["ErrorDetails"] = outcome->payload;
  }
  if (tail && outcome) body["LogResult"] = to_base64(outcome->log_tail);
  return encode_event("InvokeComplete", "application/json", boost::json::serialize(body));
}

boost::asio::awaitable<Result<>> stream(std::shared_ptr<StreamReader> reader, bool tail, http::BodyWriter& writer) {
  StreamReader& pipe = *reader;
  for (;;) {
    auto chunk = co_await pipe->read();
    if (!chunk) break;
    if (auto sent = co_await writer.write(chunk_event(*chunk)); !sent) co_return sent;
  }
  const auto& outcome = pipe->outcome();
  // A function that does not stream gives its whole result at the end.
  if (outcome && outcome->function_error.empty() && !outcome->payload.empty()) {
    if (auto sent = co_await writer.write(chunk_event(outcome->payload)); !sent) co_return sent;
  }
  co_return co_await writer.write(complete_event(outcome, tail));
}

}  // namespace

boost::asio::awaitable<Reply> invoke_with_response_stream(Invoker invoker, boost::json::object input, invoke::RequestId id, std::string trace_id) {
  auto who = named(invoker.registry, input);
  if (!who) co_return std::unexpected(who.error());
  auto target = co_await target_of(invoker, *who);
  if (!target) co_return std::unexpected(target.error());
  auto context = client_context_of(input);
  if (!context) co_return std::unexpected(context.error());
  auto payload = payload_of(input, "Payload");
  if (!payload) co_return std::unexpected(payload.error());
  http::Response response;
  if (function::text(input, "InvocationType") == "DryRun") {
    response.status = 204;
    co_return response;
  }

  trace_id = trace_or_new(std::move(trace_id), invoker.clock, invoker.random);
  response.fields.add("Content-Type", "application/vnd.amazon.eventstream");
  response.fields.add("X-Amz-Executed-Version", target->version->version);
  response.fields.add("X-Amzn-Trace-Id", trace_id);
  invoke::Invocation invocation{std::move(id),       target->version,     std::move(target->invoked_arn),
                                std::move(*payload), std::move(*context), std::move(trace_id)};
  const auto reader = start_streaming(invoker.loop, invoker.engine, std::move(invocation));
  if (const auto* ended = co_await (*reader)->first(); ended != nullptr && !*ended) co_return not_run(ended->error());
  const bool tail = function::text(input, "LogType") == "Tail";
  response.stream = [reader, tail](http::BodyWriter& writer) { return stream(reader, tail, writer); };
  co_return response;
}

}  // namespace wick::api::lambda
