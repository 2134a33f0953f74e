#include "api/lambda/invoke.h"

#include <utility>

#include <fmt/core.h>

#include "api/lambda/invocation_input.h"
#include "base/digest.h"
#include "function/json_fields.h"

namespace wick::api::lambda {
namespace {

using function::text;

http::Response empty(unsigned status) {
  http::Response response;
  response.status = status;
  return response;
}

boost::asio::awaitable<Reply> enqueue(Invoker invoker, event::Event event) {
  if (event.payload.size() > invoke::kEventPayloadMax) {
    co_return entity_too_large(fmt::format("Request must be smaller than {} bytes for the InvokeFunction operation", invoke::kEventPayloadMax));
  }
  const auto accepted = co_await invoker.queue.accept(std::move(event));
  if (!accepted) co_return not_run(accepted.error());
  co_return empty(202);
}

http::Response answer(invoke::Outcome outcome, const function::Version& version, bool tail) {
  http::Response response;
  response.fields.add("Content-Type", "application/json");
  response.fields.add("X-Amz-Executed-Version", version.version);
  if (!outcome.function_error.empty()) response.fields.add("X-Amz-Function-Error", std::move(outcome.function_error));
  if (tail) response.fields.add("X-Amz-Log-Result", to_base64(outcome.log_tail));
  response.body = std::move(outcome.payload);
  return response;
}

}  // namespace

boost::asio::awaitable<Reply> invoke(Invoker invoker, boost::json::object input, invoke::RequestId id, std::string trace_id) {
  auto who = named(invoker.registry, input);
  if (!who) co_return std::unexpected(who.error());
  const auto type = text(input, "InvocationType", "RequestResponse");
  auto target = co_await target_of(invoker, *who);
  if (!target) co_return std::unexpected(target.error());
  auto context = client_context_of(input);
  if (!context) co_return std::unexpected(context.error());
  auto payload = payload_of(input, "Payload");
  if (!payload) co_return std::unexpected(payload.error());
  if (type == "DryRun") co_return empty(204);

  trace_id = trace_or_new(std::move(trace_id), invoker.clock, invoker.random);
  if (type == "Event") {
    event::Event event{std::move(id), who->name, who->qualifier, std::move(*payload), std::move(*context), std::move(trace_id)};
    co_return co_await enqueue(invoker, std::move(event));
  }
  const auto version = target->version;
  invoke::Invocation invocation{std::move(id), version, std::move(target->invoked_arn), std::move(*payload), std::move(*context), trace_id};
  auto outcome = co_await invoker.engine.invoke(std::move(invocation));
  if (!outcome) co_return not_run(outcome.error());
  auto response = answer(std::move(*outcome), *version, text(input, "LogType") == "Tail");
  response.fields.add("X-Amzn-Trace-Id", std::move(trace_id));
  co_return response;
}

boost::asio::awaitable<Reply> invoke_async(Invoker invoker, boost::json::object input, invoke::RequestId id, std::string trace_id) {
  auto who = named(invoker.registry, input);
  if (!who) co_return std::unexpected(who.error());
  auto target = co_await target_of(invoker, *who);
  if (!target) co_return std::unexpected(target.error());
  auto payload = payload_of(input, "InvokeArgs");
  if (!payload) co_return std::unexpected(payload.error());
  event::Event event{std::move(id),       who->name, who->qualifier,
                     std::move(*payload), {},        trace_or_new(std::move(trace_id), invoker.clock, invoker.random)};
  co_return co_await enqueue(invoker, std::move(event));
}

}  // namespace wick::api::lambda
