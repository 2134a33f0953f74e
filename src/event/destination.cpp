#include "event/destination.h"

#include <vector>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "event/retry.h"

namespace wick::event {
namespace {

std::string quoted(std::string_view text) { return boost::json::serialize(boost::json::string_view(text.data(), text.size())); }

// JSON is passed on byte for byte, so that numbers keep their digits; what is not JSON becomes a JSON string.
std::string as_json(std::string_view text) {
  if (text.empty()) return "null";
  boost::json::error_code error;
  boost::json::parse(boost::json::string_view(text.data(), text.size()), error, {}, {.max_depth = 512});
  return error ? quoted(text) : std::string(text);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

}  // namespace

std::optional<FunctionDestination> parse_function_arn(std::string_view arn) {
  const auto parts = split(arn, ':');  // arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]
  if (parts.size() < 7 || parts.size() > 8 || parts[0] != "arn" || parts[2] != "lambda" || parts[5] != "function") return std::nullopt;
  return FunctionDestination{function::FunctionName(std::string(parts[6])), parts.size() == 8 ? std::string(parts[7]) : std::string()};
}

std::string destination_record(const Record& record, std::string_view payload, std::string_view condition, const function::Target& target,
                               const invoke::Outcome* outcome, WallTime now) {
  const auto runs = record.function_errors + (condition == kSuccess ? 1 : 0);
  // A record's ARN always says which qualifier was called.
  const auto arn = target.qualifier.empty() ? target.invoked_arn + ":" + function::kLatest : target.invoked_arn;
  std::string out = fmt::format(
      R"({{"version":"1.0","timestamp":{},"requestContext":{{"requestId":{},"functionArn":{},"condition":{},"approximateInvokeCount":{}}},)"
      R"("requestPayload":{})",
      quoted(format_iso8601_zulu(now)), quoted(record.id.str()), quoted(arn), quoted(condition), runs, as_json(payload));
  if (outcome) {
    out += fmt::format(R"(,"responseContext":{{"statusCode":200,"executedVersion":{})", quoted(target.version->version));
    if (!outcome->function_error.empty()) out += fmt::format(R"(,"functionError":{})", quoted(outcome->function_error));
    out += "}";
    if (out.size() + outcome->payload.size() <= invoke::kEventPayloadMax) {
      out += fmt::format(R"(,"responsePayload":{})", as_json(outcome->payload));
    }
  }
  return out + "}";
}

}  // namespace wick::event
