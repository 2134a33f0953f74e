// wick ls, show and rm.
#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/commands.h"
#include "cli/terminal.h"

namespace wick::cli {
namespace {

namespace json = boost::json;

Result<json::array> all_functions(const Api& api) {
  json::array functions;
  std::string marker;
  do {
    WICK_TRY(
        const json::value page,
        api.call("lambda", "GET", "/2015-03-31/functions" + (marker.empty() ? "" : "?Marker=" + http::percent_encode(marker, http::Slash::encode))));
    for (const json::value& function : list_of(page, "Functions")) functions.push_back(function);
    marker = text_of(page, "NextMarker");
  } while (!marker.empty());
  return functions;
}

Result<int> list(const Api& api, bool names_only, bool as_json) {
  WICK_TRY(const json::array functions, all_functions(api));
  if (names_only) {
    for (const json::value& function : functions) fmt::print("{}\n", text_of(function, "FunctionName"));
  } else if (as_json) {
    print_json(functions);
  } else if (functions.empty()) {
    fmt::print("no functions yet; push one with `wick deploy PATH`\n");
  } else {
    std::vector<std::vector<std::string>> rows{{"NAME", "RUNTIME", "MEMORY", "TIMEOUT", "SIZE", "MODIFIED"}};
    for (const json::value& function : functions) {
      rows.push_back({text_of(function, "FunctionName"), text_of(function, "Runtime"), fmt::format("{} MB", number_of(function, "MemorySize")),
                      fmt::format("{} s", number_of(function, "Timeout")), human_bytes(static_cast<std::uint64_t>(number_of(function, "CodeSize"))),
                      text_of(function, "LastModified").substr(0, 19)});
    }
    fmt::print("{}", table(rows));
  }
  return 0;
}

// What belongs to a function beside its configuration; null where there is none of it.
json::value related(const Api& api, const std::string& target) {
  auto found = api.call("lambda", "GET", target);
  return found ? std::move(*found) : json::value();
}

json::array instances_of(const Api& api, const std::string& name) {
  json::array mine;
  if (const auto all = api.call("wick", "GET", "/_wick/v1/instances")) {
    for (const json::value& instance : list_of(*all, "instances")) {
      if (text_of(instance, "function") == name) mine.push_back(instance);
    }
  }
  return mine;
}

json::array templates_of(const Api& api, const std::string& name) {
  const auto found = api.call("wick", "GET", fmt::format("/_wick/v1/functions/{}/templates", name));
  return found ? list_of(*found, "templates") : json::array();
}

std::string template_text(const json::value& one) {
  const std::string state = text_of(one, "state");
  const std::string reason = without_control_characters(text_of(one, "reason"));
  if (state == "ready") return "ready";
  if (state == "making") return "being made";
  if (state == "refused") return "cannot be forked: " + reason;
  return reason.empty() ? "none yet" : "none: " + reason;
}

void print_function(const json::value& shown) {
  const json::value& configuration = shown.at("Configuration");
  const auto line = [](std::string_view what, const std::string& value) {
    if (!value.empty()) fmt::print("  {} {}\n", styled(Style::dim, fmt::format("{:<12}", what)), value);
  };
  fmt::print("{}\n", styled(Style::bold, text_of(configuration, "FunctionName")));
  line("arn", text_of(configuration, "FunctionArn"));
  line("description", text_of(configuration, "Description"));
  line("state",
       text_of(configuration, "State") + (text_of(configuration, "StateReason").empty() ? "" : ": " + text_of(configuration, "StateReason")));
  line("runtime", text_of(configuration, "Runtime"));
  line("handler", text_of(configuration, "Handler"));
  line("memory", fmt::format("{} MB", number_of(configuration, "MemorySize")));
  line("timeout", fmt::format("{} s", number_of(configuration, "Timeout")));
  line("code", fmt::format("{}, sha256 {}", human_bytes(static_cast<std::uint64_t>(number_of(configuration, "CodeSize"))),
                           text_of(configuration, "CodeSha256")));
  line("modified", text_of(configuration, "LastModified"));
  if (const auto* environment = configuration.as_object().if_contains("Environment"); environment != nullptr && environment->is_object()) {
    if (const auto* variables = environment->as_object().if_contains("Variables"); variables != nullptr && variables->is_object()) {
      for (const auto& [key, value] : variables->as_object())
        line("env", fmt::format("{}={}", std::string(key), value.is_string() ? std::string(value.as_string()) : ""));
    }
  }
  for (const json::value& layer : list_of(configuration, "Layers")) line("layer", text_of(layer, "Arn"));
  for (const json::value& version : list_of(shown, "Versions")) {
    if (text_of(version, "Version") != "$LATEST") line("version", text_of(version, "Version"));
  }
  for (const json::value& one : list_of(shown, "Templates")) {
    const std::string version = text_of(one, "version");
    line("template", template_text(one) + (version == "$LATEST" ? "" : fmt::format(" (version {})", version)));
  }
  for (const json::value& alias : list_of(shown, "Aliases"))
    line("alias", fmt::format("{} -> {}", text_of(alias, "Name"), text_of(alias, "FunctionVersion")));
  for (const json::value& url : list_of(shown, "FunctionUrlConfigs")) line("url", styled(Style::cyan, text_of(url, "FunctionUrl")));
  for (const json::value& instance : list_of(shown, "Instances"))
    line("instance", fmt::format("{} {} (version {})", text_of(instance, "instance"), text_of(instance, "state"), text_of(instance, "version")));
}

Result<int> show(const Api& api, const std::string& name, bool as_json) {
  WICK_TRY(json::value shown, api.get_function(name));
  json::object& object = shown.as_object();
  const std::string plain = text_of(object["Configuration"], "FunctionName");
  object["Versions"] = list_of(related(api, function_path(plain, "/versions")), "Versions");
  object["Aliases"] = list_of(related(api, function_path(plain, "/aliases")), "Aliases");
  object["FunctionUrlConfigs"] = list_of(related(api, fmt::format("/2021-10-31/functions/{}/urls", plain)), "FunctionUrlConfigs");
  object["Instances"] = instances_of(api, plain);
  object["Templates"] = templates_of(api, plain);
  if (as_json)
    print_json(shown);
  else
    print_function(shown);
  return 0;
}

Result<int> remove(const Api& api, const std::vector<std::string>& names, bool as_json) {
  json::array removed;
  Result<> first_failure;
  for (const std::string& name : names) {
    auto done = api.call("lambda", "DELETE", function_path(name));
    if (done) {
      removed.emplace_back(name);
      if (!as_json) fmt::print("removed {}\n", name);
    } else if (first_failure) {
      first_failure = std::unexpected(std::move(done).error());
    } else if (!as_json) {
      complain(done.error().message);
    }
  }
  if (!first_failure) return std::unexpected(std::move(first_failure).error());
  if (as_json) print_json({{"removed", removed}});
  return 0;
}

}  // namespace

void add_functions(CLI::App& app, Session& session) {
  auto* ls = app.add_subcommand("ls", "List the functions");
  auto names_only = std::make_shared<bool>(false);
  ls->add_flag("--names", *names_only, "Names only, one to a line");
  ls->callback([&session, names_only] { session.chosen = [&session, names_only](const Api& api) { return list(api, *names_only, session.json); }; });

  auto* show_command = app.add_subcommand("show", "Show all there is about a function");
  auto name = std::make_shared<std::string>();
  show_command->add_option("name", *name, "The function")->required();
  show_command->callback([&session, name] { session.chosen = [&session, name](const Api& api) { return show(api, *name, session.json); }; });

  auto* rm = app.add_subcommand("rm", "Remove functions, with their versions, aliases and URLs");
  auto names = std::make_shared<std::vector<std::string>>();
  rm->add_option("name", *names, "The functions")->required();
  rm->callback([&session, names] { session.chosen = [&session, names](const Api& api) { return remove(api, *names, session.json); }; });
}

}  // namespace wick::cli
