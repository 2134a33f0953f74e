// wick runtime: which interpreters there are, and more of them. wick status: how the daemon is.
#include <filesystem>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/commands.h"
#include "cli/terminal.h"

namespace wick::cli {
namespace {

namespace json = boost::json;

Result<int> list(const Api& api, bool as_json) {
  WICK_TRY(const json::value answer, api.call("wick", "GET", "/_wick/v1/runtimes"));
  if (as_json) {
    print_json(answer);
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{"RUNTIME", "VERSION", "FROM"}};
  for (const json::value& runtime : list_of(answer, "runtimes")) {
    const std::string root = text_of(runtime, "root");
    rows.push_back({text_of(runtime, "name"), text_of(runtime, "version"), root.empty() ? "the function's own bootstrap" : root});
  }
  fmt::print("{}", table(rows));
  std::string installable;
  for (const json::value& name : list_of(answer, "installable")) installable += " " + std::string(name.as_string());
  if (!installable.empty()) fmt::print("{}\n", styled(Style::dim, "wick runtime install takes:" + installable));
  return 0;
}

Result<int> obtain(const Api& api, const std::string& what, json::object body, bool as_json) {
  WICK_TRY(const json::value runtime, [&] {
    const Progress progress(what == "install" ? "installing, this may take a minute" : "copying");
    return api.call("wick", "POST", "/_wick/v1/runtimes/" + what, body);
  }());
  if (as_json)
    print_json(runtime);
  else
    fmt::print("{} {} is ready\n", text_of(runtime, "name"), text_of(runtime, "version"));
  return 0;
}

Result<int> status(const Api& api, bool as_json) {
  WICK_TRY(const json::value answer, api.call("wick", "GET", "/_wick/v1/status"));
  if (as_json) {
    print_json(answer);
    return 0;
  }
  const auto line = [](std::string_view what, const std::string& value) {
    fmt::print("  {} {}\n", styled(Style::dim, fmt::format("{:<12}", what)), value);
  };
  fmt::print("Wick {} {}\n", text_of(answer, "version"), styled(Style::green, "runs"));
  for (const json::value& address : list_of(answer, "listen")) line("at", styled(Style::cyan, std::string(address.as_string())));
  line("data", text_of(answer, "data"));
  line("process", fmt::format("{}, since {}", number_of(answer, "pid"), text_of(answer, "started")));
  line("region", text_of(answer, "region"));
  line("access keys", text_of(answer, "credentials") == "any" ? "any, on loopback only" : "as configured");
  line("sandboxes", text_of(answer, "mode"));
  for (const json::value& missing : list_of(answer, "missing")) line("lacking", styled(Style::yellow, std::string(missing.as_string())));
  return 0;
}

}  // namespace

void add_runtime(CLI::App& app, Session& session) {
  auto* runtime = app.add_subcommand("runtime", "The runtimes that functions can have");
  runtime->require_subcommand(1);
  runtime->add_subcommand("ls", "List them")->callback([&session] {
    session.chosen = [&session](const Api& api) { return list(api, session.json); };
  });

  auto name = std::make_shared<std::string>();
  auto* install = runtime->add_subcommand("install", "Fetch a Node.js from the npm registry");
  install->add_option("name", *name, "nodejs24.x ...")->required();
  install->callback(
      [&session, name] { session.chosen = [&session, name](const Api& api) { return obtain(api, "install", {{"name", *name}}, session.json); }; });

  auto root = std::make_shared<std::string>();
  auto* add = runtime->add_subcommand("add", "Copy a Node.js or Python from a folder of this machine");
  add->add_option("folder", *root, "The folder that holds bin/node or bin/python3.N")->required();
  add->callback([&session, root] {
    session.chosen = [&session, root](const Api& api) {
      return obtain(api, "add", {{"root", std::filesystem::absolute(*root).lexically_normal().string()}}, session.json);
    };
  });
}

void add_status(CLI::App& app, Session& session) {
  app.add_subcommand("status", "How the daemon is, and what its sandboxes lack")->callback([&session] {
    session.chosen = [&session](const Api& api) { return status(api, session.json); };
  });
}

}  // namespace wick::cli
