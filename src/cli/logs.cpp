// wick logs: what a function printed, then and as it happens.
#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/terminal.h"

namespace wick::cli {
namespace {

namespace json = boost::json;

struct Wishes {
  std::string name;
  bool follow = false;
  std::chrono::seconds since{3600};
  std::uint32_t limit = 1000;
};

void print_event(const json::value& event, bool as_json) {
  if (as_json) {
    print_json(event);
  } else {
    const std::string time = format_iso8601_zulu(WallTime{std::chrono::milliseconds(number_of(event, "time"))});
    std::string message = without_control_characters(text_of(event, "message"));
    const bool platform =
        message.starts_with("START RequestId:") || message.starts_with("END RequestId:") || message.starts_with("REPORT RequestId:");
    // The Node.js console writes the time itself.
    if (message.size() > time.size() && message.starts_with(time.substr(0, time.find('T') + 1)) && message[time.size()] == '\t')
      message.erase(0, time.size() + 1);
    fmt::print("{} {}\n", styled(Style::dim, time), styled(platform ? Style::dim : Style::plain, message));
  }
  std::fflush(stdout);
}

Result<> follow(const Api& api, const std::string& path, bool as_json) {
  http::Request request;
  request.method = "GET";
  request.target = path + "?follow=true";
  std::string pending;
  WICK_CHECK(api.send("wick", std::move(request), [&](std::string_view piece) {
    pending.append(piece);
    for (std::size_t end = 0; (end = pending.find('\n')) != std::string::npos; pending.erase(0, end + 1)) {
      if (end == 0) continue;  // a sign of life
      boost::system::error_code broken;
      const json::value event = json::parse(json::string_view(pending.data(), end), broken);
      if (!broken) print_event(event, as_json);
    }
    return true;
  }));
  return {};
}

Result<int> logs(const Api& api, const Wishes& wishes, bool as_json) {
  WICK_CHECK(api.get_function(wishes.name));
  const std::string path = fmt::format("/_wick/v1/functions/{}/logs", http::percent_encode(wishes.name, http::Slash::encode));
  const auto since = unix_millis(Clock::system().now() - wishes.since);
  WICK_TRY(const json::value answer, api.call("wick", "GET", fmt::format("{}?since={}&limit={}", path, since, wishes.limit)));
  const json::array events = list_of(answer, "events");
  for (const json::value& event : events) print_event(event, as_json);
  if (events.empty() && !wishes.follow && is_terminal(2)) fmt::print(stderr, "nothing in that time; --since 2d looks further back\n");
  if (wishes.follow) WICK_CHECK(follow(api, path, as_json));
  return 0;
}

}  // namespace

void add_logs(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("logs", "Show a function's log");
  auto wishes = std::make_shared<Wishes>();
  command->add_option("name", wishes->name, "The function")->required();
  command->add_flag("-f,--follow", wishes->follow, "Go on as it grows");
  command->add_option("--since", wishes->since, "How far back: 30s, 10m, 2h (default 1h)")
      ->transform(CLI::AsNumberWithUnit(std::map<std::string, std::int64_t>{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}}));
  command->add_option("--limit", wishes->limit, "The newest N events (default 1000)")->check(CLI::Range(1, 10'000));
  command->callback([&session, wishes] { session.chosen = [&session, wishes](const Api& api) { return logs(api, *wishes, session.json); }; });
}

}  // namespace wick::cli
