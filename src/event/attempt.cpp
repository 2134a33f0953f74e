#include "event/attempt.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <spdlog/spdlog.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "event/destination.h"
#include "event/retry.h"
#include "invoke/engine.h"

namespace wick::event {

namespace asio = boost::asio;

namespace {

Attempted classify(const Result<Callee>& callee, const Result<invoke::Outcome>& outcome) {
  if (callee && callee->disabled) return Attempted::disabled;
  if (outcome) return outcome->function_error.empty() ? Attempted::succeeded : Attempted::function_error;
  switch (outcome.error().code) {
    case Errc::invalid_argument:
    case Errc::too_large:
    case Errc::not_found:
      return Attempted::refused_for_good;
    default:
      return Attempted::refused;
  }
}

// Never throws, so that a bug in one invocation is a system error like any other.
asio::awaitable<Result<invoke::Outcome>> invoke_safely(const Invoke& invoke, invoke::Invocation invocation) {
  try {
    co_return co_await invoke(std::move(invocation));
  } catch (const std::exception& e) {
    co_return fail(Errc::internal, e.what());
  }
}

std::string name_of(const Record& record) {
  return record.qualifier.empty() ? record.function.str() : record.function.str() + ":" + record.qualifier;
}

}  // namespace

asio::awaitable<Runner::End> Runner::attempt(std::string key, std::shared_ptr<Entry> entry) {
  auto start = co_await pool.run([this, key, entry] { return prepare(key, entry); });
  Result<End> end = End{};
  if (!start) {
    end = std::unexpected(std::move(start).error());
  } else if (start->entry) {
    auto& [record, payload] = *start->entry;
    Result<invoke::Outcome> outcome = fail(Errc::throttled, std::string(invoke::kReservedLimit));
    if (!start->callee) {
      outcome = std::unexpected(start->callee.error());
    } else if (!start->callee->disabled) {
      const auto& target = start->callee->target;
      invoke::Invocation invocation{.id = record.id,
                                    .version = target.version,
                                    .invoked_arn = target.invoked_arn,
                                    .payload = std::move(payload),
                                    .client_context = record.client_context,
                                    .trace_id = record.trace_id};
      outcome = co_await invoke_safely(invoke, std::move(invocation));
    }
    if (closed || (stopping && !outcome)) co_return End{};
    end = co_await pool.run([this, &key, &start, &outcome] { return settle(key, start->entry->record, start->callee, outcome); });
  }
  if (!end) {
    spdlog::error("an event could not be read or recorded, and will run again: {}", end.error().message);
    asio::steady_timer pause(co_await asio::this_coro::executor, std::chrono::seconds(1));
    (void)co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return End{};
  }
  co_return *std::move(end);
}

Result<Runner::Start> Runner::prepare(const std::string& key, std::shared_ptr<Entry> entry) {
  if (!entry) {
    WICK_TRY(auto loaded, ledger.load(key));
    if (!loaded) return Start{nullptr, fail(Errc::not_found, "the event is over")};
    entry = std::make_shared<Entry>(*std::move(loaded));
  }
  auto callee = resolve(entry->record.function, entry->record.qualifier);
  return Start{std::move(entry), std::move(callee)};
}

Result<Runner::End> Runner::settle(const std::string& key, Record record, const Result<Callee>& callee, const Result<invoke::Outcome>& outcome) {
  const auto now = clock.now();
  const auto attempted = classify(callee, outcome);
  if (attempted == Attempted::function_error) ++record.function_errors;
  if (attempted == Attempted::refused) ++record.refusals;
  const auto age = std::max(Millis(0), std::chrono::duration_cast<Millis>(now - record.accepted));
  const auto config = callee ? callee->config : function::EventInvokeConfig{};
  const auto next = next_step(attempted, record.function_errors, record.refusals, age, config, random.unit());

  if (next.step == Step::retry) {
    const auto later = due_key(now + next.delay, record.id);
    WICK_CHECK(ledger.reschedule(key, later, record));
    return End{.removed = Due{key, record.function, record.payload_bytes}, .added = Due{later, record.function, record.payload_bytes}};
  }

  Replacement replacement;
  const auto& arn = next.step == Step::succeed ? config.on_success_arn : config.on_failure_arn;
  if (!arn.empty()) {
    WICK_TRY(replacement, deliver(arn, record, next.condition, *callee, outcome ? &*outcome : nullptr));
  } else if (next.step == Step::give_up) {
    spdlog::warn("event {} to {} is dropped: {} ({})", record.id.str(), name_of(record), next.condition,
                 outcome ? outcome->error_type : outcome.error().message);
  }
  WICK_CHECK(ledger.remove(key, record.id, now, replacement));
  End end{.removed = Due{key, record.function, record.payload_bytes}, .added = std::nullopt};
  if (const auto* event = std::get_if<DestinationEvent>(&replacement)) {
    end.added = Due{event->key, event->entry.record.function, event->entry.record.payload_bytes};
  }
  return end;
}

Result<Replacement> Runner::deliver(const std::string& arn, const Record& record, std::string_view condition, const Callee& callee,
                                    const invoke::Outcome* outcome) {
  WICK_TRY(const auto payload, ledger.payload(record.id));
  const auto now = clock.now();
  auto json = destination_record(record, payload, condition, callee.target, outcome, now);
  const auto destination = parse_function_arn(arn);
  if (destination && record.hops < kHopsMax) {
    DestinationEvent event;
    auto& next = event.entry.record;
    next.id = invoke::RequestId(uuid4(random));
    next.function = destination->function;
    next.qualifier = destination->qualifier;
    next.trace_id = record.trace_id;
    next.accepted = now;
    next.hops = record.hops + 1;
    next.payload_bytes = json.size();
    event.entry.payload = std::move(json);
    event.key = due_key(now, next.id);
    return event;
  }
  spdlog::warn("the result of event {} to {} is kept undelivered: {}: {}", record.id.str(), name_of(record),
               destination ? "its destinations form a loop" : "no such destination here", arn);
  return Undelivered{arn, std::move(json)};
}

}  // namespace wick::event
