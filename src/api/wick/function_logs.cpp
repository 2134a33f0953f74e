// GET functions/NAME/logs: what a function wrote, or with follow=true what it writes from now on.
#include <charconv>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/serialize.hpp>

#include "api/wick/json_reply.h"
#include "api/wick/operations.h"
#include "function/registry.h"
#include "service/logs/logs.h"

namespace wick::api::own {
namespace {

using service::logs::Logs;

constexpr std::int64_t kLimitMax = 10'000;
constexpr std::chrono::milliseconds kHeartbeat{15'000};

struct Query {
  std::int64_t since_ms = 0;
  std::int64_t limit = 1'000;
  bool follow = false;
};

Result<std::int64_t> parse_number(std::string_view name, std::string_view text, std::int64_t min, std::int64_t max) {
  std::int64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && rest == text.data() + text.size() && number >= min && number <= max) return number;
  return fail(Errc::invalid_argument, fmt::format("{} must be a whole number from {} to {}", name, min, max));
}

Result<Query> parse(const std::string& text) {
  constexpr std::int64_t kLatestMs = 253'402'300'799'999;  // the year 9999
  Query query;
  for (const auto& [name, value] : http::parse_query(text)) {
    if (name == "since") {
      WICK_TRY(query.since_ms, parse_number(name, value, 0, kLatestMs));
    } else if (name == "limit") {
      WICK_TRY(query.limit, parse_number(name, value, 1, kLimitMax));
    } else if (name == "follow" && (value == "true" || value == "false")) {
      query.follow = value == "true";
    } else {
      return fail(Errc::invalid_argument, fmt::format("'{}={}' is not understood: give since, limit or follow=true", name, value));
    }
  }
  return query;
}

boost::json::object to_json(const invoke::LogEvent& event) {
  return {{"time", unix_millis(event.time)}, {"version", event.version}, {"instance", event.instance}, {"message", event.message}};
}

// The function's new events, or none after the heartbeat or when the daemon stops.
boost::asio::awaitable<std::vector<invoke::LogEvent>> next_or_stop(Shared state, std::shared_ptr<Logs::Subscription> subscription) {
  using namespace boost::asio::experimental::awaitable_operators;
  auto woken =
      co_await (Logs::next(std::move(subscription), kHeartbeat) || state->stopping.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable)));
  if (woken.index() == 1) co_return std::vector<invoke::LogEvent>();
  co_return std::get<0>(std::move(woken));
}

boost::asio::awaitable<Result<>> follow(Shared state, std::shared_ptr<Logs::Subscription> subscription, http::BodyWriter* writer) {
  while (!state->stopped) {
    const std::vector<invoke::LogEvent> events = co_await next_or_stop(state, subscription);
    std::string lines;
    for (const invoke::LogEvent& event : events) lines += boost::json::serialize(to_json(event)) + "\n";
    WICK_CO_CHECK(co_await writer->write(lines.empty() ? "\n" : std::move(lines)));
  }
  co_return Result<>();
}

}  // namespace

Reply get_logs(Shared state, std::string function, http::Request request) {
  const Result<Query> query = parse(request.query);
  if (!query) co_return json_reply(query.error());
  const function::FunctionName name(std::move(function));
  if (!state->parts.registry.resolve(name, {}, state->parts.random)) {
    co_return json_reply(Error{Errc::not_found, fmt::format("there is no function '{}': wick ls lists them", name.str())});
  }
  if (query->follow) {
    http::Response response;
    response.fields.add("Content-Type", "application/x-ndjson");
    response.stream = [state, subscription = state->parts.logs.subscribe(name)](http::BodyWriter& writer) {
      return follow(state, subscription, &writer);
    };
    co_return response;
  }
  const WallTime since{std::chrono::milliseconds(query->since_ms)};
  const auto events = co_await state->parts.logs.read(name, since, static_cast<std::size_t>(query->limit));
  if (!events) co_return json_reply(events.error());
  boost::json::array list;
  for (const invoke::LogEvent& event : *events) list.push_back(to_json(event));
  co_return json_reply(boost::json::object{{"events", std::move(list)}});
}

}  // namespace wick::api::own
