// wick why: where the time of one call went.
#include <algorithm>
#include <cmath>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/terminal.h"

namespace wick::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kBarWidth = 40;

struct Stage {
  std::string name;
  double ms;
  std::string meaning;  // ends "most of it, N ms, ..."
};

bool is_cold(const json::value& call) { return text_of(call, "start") != "idle"; }

std::string origin(const std::string& start) {
  if (start == "versionTemplate") return "a fork of the version's template";
  if (start == "bareTemplate") return "a fork of the runtime's bare template, then init";
  return start == "boot" ? "a boot" : "an idle instance";
}

// The output that the caller was slow to take is shown apart from the run that it held back.
std::vector<Stage> stages_of(const json::value& call) {
  const double held = std::min(real_of(call, "heldMs"), real_of(call, "runMs"));
  std::vector<Stage> stages{{"queue", real_of(call, "queueMs"), "went by before it had an instance"}};
  if (is_cold(call)) {
    const bool boot = text_of(call, "start") == "boot";
    stages.push_back({boot ? "boot" : "fork", real_of(call, "startMs"), boot ? "was the boot of a new instance" : "was the fork of a new instance"});
    const bool restored = text_of(call, "start") == "versionTemplate";
    stages.push_back({restored ? "ready" : "init", real_of(call, "initMs"),
                      restored ? "went by until the fork was ready, its hooks included" : "was the init of the runtime and the function's own code"});
  }
  stages.push_back({"run", real_of(call, "runMs") - held, "was the function itself"});
  if (held > 0) stages.push_back({"held", held, "was waiting for the caller to take the streamed output"});
  stages.push_back({"reply", real_of(call, "replyMs"), "went by between the function's answer and its handing on"});
  return stages;
}

std::string bar(double from, double to, double total) {
  const auto column = [&](double ms) { return total > 0 ? static_cast<std::size_t>(std::lround(ms / total * kBarWidth)) : 0; };
  const std::size_t begin = std::min(column(from), kBarWidth - 1);
  const std::size_t end = std::clamp(column(to), begin, kBarWidth);
  std::string out(begin, ' ');
  if (begin == end) return out + "▏" + std::string(kBarWidth - begin - 1, ' ');
  for (std::size_t i = begin; i < end; ++i) out += "█";
  return out + std::string(kBarWidth - end, ' ');
}

std::string ending(const json::value& call) {
  const std::string end = text_of(call, "end");
  const std::string type = text_of(call, "errorType");
  if (end == "success") return styled(Style::green, "succeeded");
  if (end == "timeout") return styled(Style::red, "timed out");
  if (end == "cutOff") return styled(Style::yellow, "was cut off when Wick stopped");
  if (end == "notStarted") return styled(Style::red, "did not run: ") + without_control_characters(type);
  return styled(Style::red, "failed: ") + without_control_characters(type);
}

void print_call(const json::value& call, const std::string& currency) {
  const WallTime time{std::chrono::milliseconds(number_of(call, "time"))};
  fmt::print("{} version {}, {}, {}\n", styled(Style::bold, text_of(call, "function")), text_of(call, "version"), format_iso8601_zulu(time),
             ending(call));
  const std::vector<Stage> stages = stages_of(call);
  double total = 0;
  for (const Stage& stage : stages) total += stage.ms;
  double at = 0;
  for (const Stage& stage : stages) {
    fmt::print("  {} {} {:>10.2f} ms\n", styled(Style::dim, fmt::format("{:<6}", stage.name)), styled(Style::cyan, bar(at, at + stage.ms, total)),
               stage.ms);
    at += stage.ms;
  }
  fmt::print("  {} {} {:>10.2f} ms\n", styled(Style::dim, fmt::format("{:<6}", "total")), std::string(kBarWidth, ' '), total);
  const Stage& longest = *std::ranges::max_element(stages, {}, &Stage::ms);
  fmt::print("{} start, on {}; most of the time, {:.2f} of {:.2f} ms, {}.\n", is_cold(call) ? "Cold" : "Warm", origin(text_of(call, "start")),
             longest.ms, total, longest.meaning);
  fmt::print("{}\n",
             styled(Style::dim, fmt::format("billed {} ms, memory {} of {} MB, cpu {:.2f} ms, in {}, out {}, cost {:.10f} {}",
                                            number_of(call, "billedMs"), number_of(call, "memoryPeakMb"), number_of(call, "memoryMb"),
                                            real_of(call, "cpuMs"), human_bytes(static_cast<std::uint64_t>(number_of(call, "bytesIn"))),
                                            human_bytes(static_cast<std::uint64_t>(number_of(call, "bytesOut"))), real_of(call, "cost"), currency)));
}

Result<int> why(const Api& api, const std::string& id, bool as_json) {
  WICK_TRY(const json::value answer, api.call("wick", "GET", "/_wick/v1/calls/" + http::percent_encode(id, http::Slash::encode)));
  if (as_json) {
    print_json(answer);
    return 0;
  }
  const json::array attempts = list_of(answer, "attempts");
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    if (attempts.size() > 1) fmt::print("{}attempt {} of {}\n", i > 0 ? "\n" : "", i + 1, attempts.size());
    print_call(attempts[i], text_of(answer, "currency"));
  }
  return 0;
}

}  // namespace

void add_why(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("why", "Show where the time of one call went");
  auto id = std::make_shared<std::string>();
  command->add_option("request-id", *id, "The call's request id: in its log, and in x-amzn-requestid of its answer")->required();
  command->callback([&session, id] { session.chosen = [&session, id](const Api& api) { return why(api, *id, session.json); }; });
}

}  // namespace wick::cli
