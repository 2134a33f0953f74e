// wick invoke: one call of a function.
#include <fstream>
#include <iostream>
#include <iterator>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "base/digest.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"

namespace wick::cli {
namespace {

struct Call {
  std::string name;
  std::string data;
  std::string qualifier;
  bool async = false;
  bool tail = false;
};

// JSON itself, @FILE, or - for standard input.
Result<std::string> read_payload(const std::string& data) {
  if (data == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  if (!data.starts_with('@')) return data;
  std::ifstream in(data.substr(1), std::ios::binary);
  if (!in) {
    auto error = fail_errno("read", data.substr(1));
    error.error().code = Errc::not_found;
    return error;
  }
  return std::string(std::istreambuf_iterator<char>(in), {});
}

Result<> check_json(const std::string& payload) {
  if (payload.empty()) return {};
  boost::system::error_code broken;
  boost::json::parse(payload, broken);
  if (!broken) return {};
  return fail(Errc::invalid_argument, fmt::format("the payload is not JSON ({}); strings need quotes: -d '\"text\"'", broken.message()));
}

// ValueError: no such thing
std::string summary_of(const std::string& error) {
  boost::system::error_code broken;
  const boost::json::value value = boost::json::parse(error, broken);
  const std::string type = broken ? std::string() : text_of(value, "errorType");
  const std::string message = broken ? std::string() : text_of(value, "errorMessage");
  return type.empty() || message.empty() ? type + message : fmt::format("{}: {}", type, message.substr(0, message.find('\n')));
}

void print_log(const http::Response& response) {
  const auto log = from_base64(response.fields.get("X-Amz-Log-Result"));
  if (log) fmt::print(stderr, "{}", styled(Style::dim, without_control_characters(*log), 2));
}

Result<int> invoke(const Api& api, const Call& call, bool as_json) {
  http::Request request;
  request.method = "POST";
  request.target = function_path(call.name, "/invocations");
  if (!call.qualifier.empty()) request.target += "?Qualifier=" + http::percent_encode(call.qualifier, http::Slash::encode);
  request.fields.set("X-Amz-Invocation-Type", call.async ? "Event" : "RequestResponse");
  if (call.tail && !call.async) request.fields.set("X-Amz-Log-Type", "Tail");
  WICK_TRY(request.body, read_payload(call.data));
  WICK_CHECK(check_json(request.body));
  WICK_TRY(const http::Response response, api.send("lambda", std::move(request)));

  const std::string request_id(response.fields.get("x-amzn-RequestId"));
  if (call.async) {
    if (as_json)
      print_json({{"requestId", request_id}});
    else
      fmt::print("accepted, request id {}\n", request_id);
    return kDone;
  }
  if (call.tail) print_log(response);
  if (is_terminal(1))
    fmt::print("{}\n", without_control_characters(response.body));
  else
    fmt::print("{}", response.body);
  if (response.fields.find("X-Amz-Function-Error") == nullptr) return kDone;
  complain(fmt::format("the function failed: {}; `wick logs {}` has more, request id {}", summary_of(response.body), call.name, request_id));
  return kFunctionError;
}

}  // namespace

void add_invoke(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("invoke", "Call a function");
  auto call = std::make_shared<Call>();
  command->add_option("name", call->name, "The function: a name, NAME:ALIAS or an ARN")->required();
  command->add_option("-d,--data", call->data, "The event: JSON, @FILE, or - for standard input");
  command->add_option("--qualifier", call->qualifier, "A version or an alias");
  command->add_flag("--async", call->async, "Queue the call, do not wait for it");
  command->add_flag("--tail", call->tail, "Show the call's log as well");
  command->callback([&session, call] { session.chosen = [&session, call](const Api& api) { return invoke(api, *call, session.json); }; });
}

}  // namespace wick::cli
