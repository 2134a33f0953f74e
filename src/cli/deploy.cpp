// wick deploy: from source to a running function, in one step.
#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "base/clock.h"
#include "base/digest.h"
#include "cli/commands.h"
#include "cli/package.h"
#include "cli/terminal.h"

namespace wick::cli {
namespace {

namespace json = boost::json;

constexpr const char* kRole = "arn:aws:iam::000000000000:role/wick";  // the Lambda API asks for one; Wick gives it no meaning
constexpr const char* kConcurrency = "AWS_LAMBDA_MAX_CONCURRENCY";    // the environment variable that sets it
constexpr auto kReadyTimeout = std::chrono::seconds(60);
constexpr auto kReadyPoll = std::chrono::milliseconds(3);

struct Wishes {
  std::string path;
  std::string name;
  std::string runtime;
  std::string handler;
  std::uint32_t memory = 0;  // 0: as it is, or the default
  std::uint32_t timeout = 0;
  std::uint32_t concurrency = 0;
  std::vector<std::string> environment;  // K=V
  bool url = false;
};

enum class Outcome { created, updated, unchanged };

// The newest installed runtime of that kind; of Pythons the machine's own, for which Debian's packages are there.
Result<std::string> newest_runtime(const Api& api, Kind kind) {
  if (kind == Kind::executable) return std::string("provided.al2023");
  const std::string wanted = kind == Kind::node ? "node" : "python";
  WICK_TRY(const json::value answer, api.call("wick", "GET", "/_wick/v1/runtimes"));
  std::string best;
  std::int64_t best_rank = -1;
  for (const json::value& runtime : list_of(answer, "runtimes")) {
    if (text_of(runtime, "kind") != wanted) continue;
    const std::string name = text_of(runtime, "name");
    std::string digits;
    const std::size_t start = kind == Kind::python ? name.find('.') + 1 : 0;
    std::ranges::copy_if(name.substr(start), std::back_inserter(digits), [](char c) { return c >= '0' && c <= '9'; });
    const std::int64_t rank = std::atoll(digits.c_str()) + (kind == Kind::python && text_of(runtime, "root") == "/usr" ? 1000 : 0);
    if (rank > best_rank) std::tie(best, best_rank) = std::pair(name, rank);
  }
  if (!best.empty()) return best;
  return fail(Errc::not_found, kind == Kind::node ? "no Node.js runtime is installed: run `wick runtime install nodejs22.x`"
                                                  : "no Python runtime is installed: install python3, or run `wick runtime add FOLDER`");
}

bool runs(const std::string& runtime, Kind kind) {
  constexpr std::array kPrefixes{"nodejs", "python", "provided"};
  return runtime.starts_with(kPrefixes.at(static_cast<std::size_t>(kind)));
}

// What the command line leaves open stays as it was deployed where the code still fits that; else the package says it.
Result<> settle(const Api& api, Wishes& wishes, const Package& package, const json::value& existing) {
  const std::string present = text_of(existing, "Handler");
  if (wishes.handler.empty() && has_handler(package.files, present)) wishes.handler = present;
  if (wishes.handler.empty() && package.handler) wishes.handler = package.handler->name;
  if (wishes.handler.empty()) {
    return fail(Errc::invalid_argument,
                fmt::format("cannot tell what in {} to run: there is no bootstrap, package.json with \"main\", index.mjs, index.js, handler.py, "
                            "lambda_function.py, main.py or app.py, and not exactly one source file; name it with --handler FILE.FUNCTION",
                            wishes.path));
  }
  if (!wishes.runtime.empty()) return {};
  auto kind = kind_of_handler(package.files, wishes.handler);
  if (!kind && package.handler) kind = package.handler->kind;
  if (!kind)
    return fail(Errc::invalid_argument,
                fmt::format("no file in {} is that of {}: name the runtime as well, with --runtime", wishes.path, wishes.handler));
  wishes.runtime = text_of(existing, "Runtime");
  if (runs(wishes.runtime, *kind)) return {};
  WICK_TRY(wishes.runtime, newest_runtime(api, *kind));
  return {};
}

Result<json::object> environment_of(const Wishes& wishes, const json::value& existing) {
  json::object variables;
  if (!existing.is_null()) {
    const json::value* present = existing.as_object().if_contains("Environment");
    if (present != nullptr && present->is_object() && present->as_object().contains("Variables")) variables = present->at("Variables").as_object();
  }
  if (wishes.concurrency != 0) variables[kConcurrency] = std::to_string(wishes.concurrency);
  for (const std::string& entry : wishes.environment) {
    const std::size_t sign = entry.find('=');
    if (sign == 0 || sign == std::string::npos) return fail(Errc::invalid_argument, fmt::format("--env takes KEY=VALUE, not {}", entry));
    variables[entry.substr(0, sign)] = entry.substr(sign + 1);
  }
  return variables;
}

Result<json::value> wait_until_ready(const Api& api, const std::string& name) {
  const auto deadline = Clock::system().monotonic() + kReadyTimeout;
  while (true) {
    WICK_TRY(json::value configuration, api.call("lambda", "GET", function_path(name, "/configuration")));
    const std::string state = text_of(configuration, "State");
    const std::string update = text_of(configuration, "LastUpdateStatus");
    if (state == "Failed") return fail(Errc::internal, "the function cannot be made ready: " + text_of(configuration, "StateReason"));
    if (update == "Failed") return fail(Errc::internal, "the update failed: " + text_of(configuration, "LastUpdateStatusReason"));
    if (state == "Active" && update != "InProgress") return configuration;
    if (Clock::system().monotonic() > deadline)
      return fail(Errc::deadline_exceeded, fmt::format("{} is not ready after a minute; see `wick show {}`", name, name));
    std::this_thread::sleep_for(kReadyPoll);
  }
}

Result<Outcome> create(const Api& api, const Wishes& wishes, const Package& package) {
  WICK_TRY(json::object variables, environment_of(wishes, {}));
  json::object body{{"FunctionName", wishes.name},
                    {"Role", kRole},
                    {"Runtime", wishes.runtime},
                    {"Handler", wishes.handler},
                    {"Code", {{"ZipFile", to_base64(package.zip)}}},
                    {"Environment", {{"Variables", std::move(variables)}}}};
  if (wishes.memory != 0) body["MemorySize"] = wishes.memory;
  if (wishes.timeout != 0) body["Timeout"] = wishes.timeout;
  WICK_CHECK(api.call("lambda", "POST", "/2015-03-31/functions", body));
  return Outcome::created;
}

// What has to change of the configuration.
Result<json::object> changes(const Wishes& wishes, const json::value& existing) {
  json::object body;
  if (wishes.runtime != text_of(existing, "Runtime")) body["Runtime"] = wishes.runtime;
  if (wishes.handler != text_of(existing, "Handler")) body["Handler"] = wishes.handler;
  if (wishes.memory != 0 && wishes.memory != number_of(existing, "MemorySize")) body["MemorySize"] = wishes.memory;
  if (wishes.timeout != 0 && wishes.timeout != number_of(existing, "Timeout")) body["Timeout"] = wishes.timeout;
  WICK_TRY(json::object variables, environment_of(wishes, existing));
  WICK_TRY(const json::object present, environment_of({}, existing));
  if (variables != present) body["Environment"] = json::object{{"Variables", std::move(variables)}};
  return body;
}

// The configuration goes first: it is the one that may be refused, and then the function stays whole as it was.
Result<Outcome> update(const Api& api, const Wishes& wishes, const Package& package, const json::value& existing) {
  WICK_TRY(const json::object body, changes(wishes, existing));
  const bool same_code = to_base64(bytes_of(sha256(package.zip))) == text_of(existing, "CodeSha256");
  if (!body.empty()) WICK_CHECK(api.call("lambda", "PUT", function_path(wishes.name, "/configuration"), body));
  if (same_code) return body.empty() ? Outcome::unchanged : Outcome::updated;
  if (!body.empty()) WICK_CHECK(wait_until_ready(api, wishes.name));
  WICK_CHECK(api.call("lambda", "PUT", function_path(wishes.name, "/code"), json::object{{"ZipFile", to_base64(package.zip)}}));
  return Outcome::updated;
}

Result<std::string> make_url(const Api& api, const std::string& name) {
  const std::string path = fmt::format("/2021-10-31/functions/{}/url", http::percent_encode(name, http::Slash::encode));
  auto made = api.call("lambda", "POST", path, json::object{{"AuthType", "NONE"}});
  if (!made && made.error().code == Errc::already_exists) made = api.call("lambda", "GET", path);
  if (!made) return std::unexpected(std::move(made).error());
  return text_of(*made, "FunctionUrl");
}

void print_summary(const json::value& function, const Package& package, const std::string& url, Outcome outcome, std::chrono::milliseconds took) {
  const std::string name = text_of(function, "FunctionName");
  const char* verb = outcome == Outcome::created ? "deployed" : outcome == Outcome::updated ? "updated" : "unchanged:";
  fmt::print("{} {} {}\n", styled(Style::green, verb), styled(Style::bold, name),
             styled(Style::dim, fmt::format("({} zipped, {} ms)", human_bytes(package.zip.size()), took.count())));
  fmt::print("  {}, {}, {} MB, {} s\n", text_of(function, "Runtime"), text_of(function, "Handler"), number_of(function, "MemorySize"),
             number_of(function, "Timeout"));
  if (!url.empty()) fmt::print("  {}\n", styled(Style::cyan, url));
  fmt::print("{}\n", styled(Style::dim, fmt::format("call it: wick invoke {}{}", name, url.empty() ? "" : ", or curl " + url)));
}

Result<int> deploy(const Api& api, Wishes wishes, bool as_json) {
  const auto start = Clock::system().monotonic();
  WICK_TRY(const Package package, make_package(wishes.path));
  if (wishes.name.empty()) wishes.name = package.name;

  json::value existing;
  if (auto found = api.call("lambda", "GET", function_path(wishes.name, "/configuration")))
    existing = std::move(*found);
  else if (found.error().code != Errc::not_found)
    return std::unexpected(std::move(found).error());
  WICK_CHECK(settle(api, wishes, package, existing));

  const auto outcome = [&] {
    const Progress progress(fmt::format("pushing {}", human_bytes(package.zip.size())));
    return existing.is_null() ? create(api, wishes, package) : update(api, wishes, package, existing);
  }();
  if (!outcome) return std::unexpected(outcome.error());
  WICK_TRY(json::value function, wait_until_ready(api, wishes.name));
  std::string url;
  if (wishes.url) {
    WICK_TRY(url, make_url(api, wishes.name));
  }
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::system().monotonic() - start);
  if (as_json) {
    if (!url.empty()) function.as_object()["FunctionUrl"] = url;
    print_json(function);
  } else {
    print_summary(function, package, url, *outcome, took);
  }
  return 0;
}

CLI::Validator is_function_name() {
  return CLI::Validator(
      [](const std::string& name) {
        const bool fits = !name.empty() && name.size() <= 64 &&
                          std::ranges::all_of(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_'; });
        return fits ? std::string() : fmt::format("'{}' is no function name: up to 64 letters, digits, - and _", name);
      },
      "NAME");
}

}  // namespace

void add_deploy(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("deploy", "Push a function: a file, a folder, a zip or an executable");
  auto wishes = std::make_shared<Wishes>();
  command->add_option("path", wishes->path, "What to push: hello.py, hello.mjs, a folder, a .zip, an executable")->required();
  command->add_option("--name", wishes->name, "The function's name (default: of the file or folder)")->check(is_function_name());
  command->add_option("--runtime", wishes->runtime, "nodejs22.x, python3.11, provided.al2023 ... (default: found out)");
  command->add_option("--handler", wishes->handler, "FILE.FUNCTION (default: found out)");
  command->add_option("--memory", wishes->memory, "Memory, and with it the share of a processor, in MB")->check(CLI::Range(128, 10240));
  command->add_option("--timeout", wishes->timeout, "How long a call may take, in seconds")->check(CLI::Range(1, 900));
  command->add_option("--concurrency", wishes->concurrency, "How many calls one instance may run at once, with a custom runtime")
      ->check(CLI::Range(1, 64));
  command->add_option("--env", wishes->environment, "An environment variable, KEY=VALUE; more than once for several")->allow_extra_args(false);
  command->add_flag("--url", wishes->url, "Give it an HTTP address that anyone who reaches Wick may call");
  command->callback([&session, wishes] { session.chosen = [&session, wishes](const Api& api) { return deploy(api, *wishes, session.json); }; });
}

}  // namespace wick::cli
