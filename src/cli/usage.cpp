// wick usage: what functions used and what that costs.
#include <functional>

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
  std::string by = "function";
  std::chrono::seconds since{std::chrono::hours(24)};
  bool csv = false;
};

std::string count_of(const json::value& row, std::string_view member) { return std::to_string(number_of(row, member)); }

std::string seconds_of(double seconds) {
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1000);
  return seconds < 1000 ? fmt::format("{:.2f} s", seconds) : fmt::format("{:.2f} h", seconds / 3600);
}

std::string money(double amount) {
  if (amount == 0) return "0";
  return amount < 0.01 ? fmt::format("{:.8f}", amount) : fmt::format("{:.4f}", amount);
}

struct Column {
  const char* heading;
  std::function<std::string(const json::value& row)> cell;
};

const std::vector<Column>& columns() {
  static const std::vector<Column> all{
      {"CALLS", [](const json::value& row) { return count_of(row, "calls"); }},
      {"ERRORS", [](const json::value& row) { return count_of(row, "errors"); }},
      {"THROTTLED", [](const json::value& row) { return count_of(row, "throttles"); }},
      {"COLD", [](const json::value& row) { return count_of(row, "coldStarts"); }},
      {"INIT", [](const json::value& row) { return seconds_of(real_of(row, "initMs") / 1000); }},
      {"RUN", [](const json::value& row) { return seconds_of(real_of(row, "runMs") / 1000); }},
      {"BILLED", [](const json::value& row) { return seconds_of(real_of(row, "billedMs") / 1000); }},
      {"GB-S", [](const json::value& row) { return fmt::format("{:.3f}", real_of(row, "gbSeconds") + real_of(row, "onProvisionedGbSeconds")); }},
      {"CPU", [](const json::value& row) { return seconds_of(real_of(row, "cpuSeconds")); }},
      {"PEAK", [](const json::value& row) { return fmt::format("{} MB", number_of(row, "memoryPeakMb")); }},
      {"IN", [](const json::value& row) { return human_bytes(static_cast<std::uint64_t>(number_of(row, "bytesIn"))); }},
      {"OUT", [](const json::value& row) { return human_bytes(static_cast<std::uint64_t>(number_of(row, "bytesOut"))); }},
      {"COST", [](const json::value& row) { return money(real_of(row, "cost")); }}};
  return all;
}

std::string name_of(const json::value& row) {
  for (const char* member : {"function", "hour", "tag"}) {
    if (const std::string name = text_of(row, member); !name.empty()) return without_control_characters(name);
  }
  return "(none)";
}

std::vector<std::string> cells_of(const json::value& row, std::string name, bool versions) {
  std::vector<std::string> cells{std::move(name)};
  if (versions) cells.push_back(text_of(row, "version"));
  for (const Column& column : columns()) cells.push_back(column.cell(row));
  return cells;
}

void print_table(const json::value& answer, const Wishes& wishes) {
  const json::array rows = list_of(answer, "rows");
  if (rows.empty()) {
    fmt::print("nothing was called since {}\n", text_of(answer, "from"));
    return;
  }
  const bool versions = wishes.by == "version";
  std::vector<std::vector<std::string>> lines{{versions ? "FUNCTION" : wishes.by}};
  for (char& c : lines[0][0]) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (versions) lines[0].emplace_back("VERSION");
  for (const Column& column : columns()) lines[0].emplace_back(column.heading);
  for (const json::value& row : rows) lines.push_back(cells_of(row, name_of(row), versions));
  lines.push_back(cells_of(answer.at("total"), "total", versions));
  fmt::print("{}", table(lines));
  const json::value& prices = answer.at("prices");
  fmt::print("{}\n", styled(Style::dim, fmt::format("since {}, in {} at the prices of {}", text_of(answer, "from"), text_of(prices, "currency"),
                                                    text_of(prices, "asOf"))));
  const auto details = number_of(answer.at("lost"), "details");
  const auto records = number_of(answer.at("lost"), "records");
  if (records > 0) fmt::print("{}\n", styled(Style::yellow, fmt::format("{} records were dropped and are missing here", records)));
  if (details > 0) fmt::print("{}\n", styled(Style::yellow, fmt::format("{} calls are counted here but unknown to wick why", details)));
}

std::string csv_field(std::string text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  for (std::size_t at = 0; (at = text.find('"', at)) != std::string::npos; at += 2) text.insert(at, 1, '"');
  return '"' + text + '"';
}

std::string csv_value(const json::value& value) {
  if (value.is_string()) return csv_field(std::string(value.as_string()));
  if (value.is_double()) return fmt::format("{}", value.as_double());
  return value.is_null() ? "" : json::serialize(value);
}

// The members of the JSON rows, nested ones left out.
void print_csv(const json::value& answer) {
  const json::array rows = list_of(answer, "rows");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::string heading, line;
    for (const auto& [key, value] : rows[i].as_object()) {
      if (value.is_object()) continue;
      const std::string comma = line.empty() && heading.empty() ? "" : ",";
      heading += comma + std::string(key);
      line += comma + csv_value(value);
    }
    if (i == 0) fmt::print("{}\n", heading);
    fmt::print("{}\n", line);
  }
}

Result<int> usage(const Api& api, const Wishes& wishes, bool as_json) {
  const auto from = unix_millis(Clock::system().now() - wishes.since);
  WICK_TRY(const json::value answer,
           api.call("wick", "GET",
                    fmt::format("/_wick/v1/usage?from={}&by={}", std::max(0LL, from), http::percent_encode(wishes.by, http::Slash::encode))));
  if (as_json)
    print_json(answer);
  else if (wishes.csv)
    print_csv(answer);
  else
    print_table(answer, wishes);
  return 0;
}

}  // namespace

void add_usage(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("usage", "Show what functions used, and what that costs");
  auto wishes = std::make_shared<Wishes>();
  command->add_option("--by", wishes->by, "function, version, hour or tag:KEY (default function)");
  command->add_option("--since", wishes->since, "How far back, in whole hours: 1h, 24h, 30d (default 24h)")
      ->transform(CLI::AsNumberWithUnit(std::map<std::string, std::int64_t>{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}}));
  command->add_flag("--csv", wishes->csv, "Print comma-separated values");
  command->callback([&session, wishes] { session.chosen = [&session, wishes](const Api& api) { return usage(api, *wishes, session.json); }; });
}

}  // namespace wick::cli
