// GET usage: what functions used and what that costs, summed. GET calls/ID: the stages and figures of one call.
#include "service/usage/usage.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

#include "api/wick/json_reply.h"
#include "api/wick/operations.h"
#include "invoke/engine.h"
#include "service/usage/prices.h"

namespace wick::api::own {
namespace {

using boost::json::object;
using service::usage::CallRecord;
using service::usage::Prices;
using service::usage::Question;
using service::usage::Totals;
using End = invoke::UsageRecord::End;

constexpr std::chrono::hours kDefaultSpan{24};
constexpr std::string_view kTagPrefix = "tag:";

Result<WallTime> parse_time(std::string_view name, std::string_view text) {
  constexpr std::int64_t kLatestMs = 253'402'300'799'999;  // the year 9999
  std::int64_t millis = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), millis);
  if (error == std::errc() && rest == text.data() + text.size() && millis >= 0 && millis <= kLatestMs) return WallTime(Millis(millis));
  return fail(Errc::invalid_argument, fmt::format("{} must be a Unix time in milliseconds", name));
}

Result<> parse_by(std::string_view value, Question& question) {
  if (value == "function") {
    question.by = Question::By::function;
  } else if (value == "version") {
    question.by = Question::By::version;
  } else if (value == "hour") {
    question.by = Question::By::hour;
  } else if (value.starts_with(kTagPrefix) && value.size() > kTagPrefix.size()) {
    question.by = Question::By::tag;
    question.tag = value.substr(kTagPrefix.size());
  } else {
    return fail(Errc::invalid_argument, fmt::format("by={} is not understood: give function, version, hour or tag:KEY", value));
  }
  return {};
}

// Whole hours: the one of from is in it, as is the one that to lies in.
Result<Question> parse(const std::string& text, WallTime now) {
  WallTime from = now - kDefaultSpan;
  WallTime to = now;
  Question question;
  for (const auto& [name, value] : http::parse_query(text)) {
    if (name == "from") {
      WICK_TRY(from, parse_time(name, value));
    } else if (name == "to") {
      WICK_TRY(to, parse_time(name, value));
    } else if (name == "by") {
      WICK_CHECK(parse_by(value, question));
    } else {
      return fail(Errc::invalid_argument, fmt::format("'{}' is not understood: give from, to or by", name));
    }
  }
  question.from = service::usage::hour_of(from);
  question.to = service::usage::hour_of(to - WallTime::duration(1)) + 1;
  return question;
}

std::string hour_text(service::usage::Hour hour) { return format_iso8601_zulu(WallTime(std::chrono::hours(hour))); }
double gb_seconds(std::uint64_t mb_ms) { return static_cast<double>(mb_ms) / 1024 / 1000; }
double millis(std::uint64_t us) { return static_cast<double>(us) / 1000; }
double millis(std::int64_t us) { return static_cast<double>(us) / 1000; }

object to_json(const Totals& totals, const Prices& prices) {
  return {
      {"calls", totals.calls},
      {"errors", totals.errors},
      {"throttles", totals.throttles},
      {"coldStarts", totals.cold_starts()},
      {"starts", {{"versionTemplate", totals.starts_version_template}, {"bareTemplate", totals.starts_bare_template}, {"boot", totals.starts_boot}}},
      {"initMs", millis(totals.init_us)},
      {"runMs", millis(totals.run_us)},
      {"billedMs", totals.billed_ms},
      {"gbSeconds", gb_seconds(totals.mb_ms)},
      {"onProvisionedGbSeconds", gb_seconds(totals.on_provisioned_mb_ms)},
      {"provisionedGbSeconds", gb_seconds(totals.provisioned_mb_ms)},
      {"storageGbSeconds", gb_seconds(totals.storage_mb_ms)},
      {"cpuSeconds", static_cast<double>(totals.cpu_nanos) / 1e9},
      {"memoryPeakMb", totals.memory_peak_mb},
      {"bytesIn", totals.bytes_in},
      {"bytesOut", totals.bytes_out},
      {"cost", prices.cost(totals)}};
}

// The members that say what a row is about stand before the sums.
object to_json(const service::usage::Answer::Row& row, const Question& question, const Prices& prices) {
  constexpr std::array kNames{"hour", "function", "function", "tag"};
  object out;
  out[kNames.at(static_cast<std::size_t>(question.by))] = row.name ? boost::json::value(*row.name) : boost::json::value();
  if (question.by == Question::By::version) out["version"] = row.version;
  for (auto& [key, value] : to_json(row.totals, prices)) out[key] = std::move(value);
  return out;
}

object to_json(const Prices& prices) {
  return {{"currency", prices.currency},
          {"asOf", prices.as_of},
          {"millionRequests", prices.million_requests},
          {"gbSecond", prices.gb_second},
          {"storageGbSecond", prices.storage_gb_second},
          {"provisionedGbSecond", prices.provisioned_gb_second},
          {"onProvisionedGbSecond", prices.on_provisioned_gb_second}};
}

// What this call alone costs.
double cost_of(const CallRecord& call, const Prices& prices) {
  if (call.end == End::not_started) return 0;
  Totals totals;
  totals.bill(static_cast<std::uint64_t>(call.timing.billed_ms), call.memory_mb, call.tmp_mb, call.on_provisioned);
  return prices.cost(totals);
}

object to_json(const CallRecord& call, const Prices& prices) {
  constexpr std::array kEnds{"success", "error", "timeout", "cutOff", "throttled", "notStarted"};
  constexpr std::array kLevels{"idle", "versionTemplate", "bareTemplate", "boot"};
  const invoke::Timing& timing = call.timing;
  return {{"function", call.function},
          {"version", call.version},
          {"instance", call.instance},
          {"time", unix_millis(call.time)},
          {"end", kEnds.at(static_cast<std::size_t>(call.end))},
          {"errorType", call.error_type},
          {"start", kLevels.at(static_cast<std::size_t>(timing.level))},
          {"onProvisioned", call.on_provisioned},
          {"queueMs", millis(timing.queue_us)},
          {"startMs", millis(timing.start_us)},
          {"initMs", millis(timing.init_us)},
          {"runMs", millis(timing.run_us)},
          {"heldMs", millis(timing.held_us)},
          {"replyMs", millis(timing.reply_us)},
          {"billedMs", timing.billed_ms},
          {"memoryMb", call.memory_mb},
          {"memoryPeakMb", timing.memory_peak_mb},
          {"cpuMs", static_cast<double>(call.cpu_nanos) / 1e6},
          {"bytesIn", call.bytes_in},
          {"bytesOut", call.bytes_out},
          {"cost", cost_of(call, prices)}};
}

}  // namespace

Reply get_usage(Shared state, http::Request request) {
  const Result<Question> question = parse(request.query, state->parts.clock.now());
  if (!question) co_return json_reply(question.error());
  co_await state->parts.engine.meter_now();
  const auto answer = co_await state->parts.usage.sums(*question);
  if (!answer) co_return json_reply(answer.error());
  const Prices& prices = state->parts.prices;
  boost::json::array rows;
  for (const auto& row : answer->rows) rows.push_back(to_json(row, *question, prices));
  co_return json_reply(object{{"from", hour_text(question->from)},
                              {"to", hour_text(question->to)},
                              {"prices", to_json(prices)},
                              {"rows", std::move(rows)},
                              {"total", to_json(answer->total, prices)},
                              {"lost", {{"details", answer->losses.details}, {"records", answer->losses.records}}}});
}

Reply get_call(Shared state, std::string request_id) {
  co_await state->parts.engine.meter_now();
  const auto calls = co_await state->parts.usage.calls(request_id);
  if (!calls) co_return json_reply(calls.error());
  if (calls->empty()) {
    co_return json_reply(
        Error{Errc::not_found, fmt::format("no call {} is known: it still runs, was throttled, or is too long ago (the newest 200,000 "
                                           "calls of 24 hours are kept)",
                                           request_id)});
  }
  boost::json::array attempts;
  for (const CallRecord& call : *calls) attempts.push_back(to_json(call, state->parts.prices));
  co_return json_reply(object{{"requestId", request_id}, {"currency", state->parts.prices.currency}, {"attempts", std::move(attempts)}});
}

}  // namespace wick::api::own
