#include "daemon/config_sources.h"

#include <fmt/format.h>
#include <toml++/toml.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>

#include "daemon/settings.h"

namespace wick::daemon {
namespace {

CLI::Option* add_to(CLI::App& app, const Setting& setting) {
  const std::string flag = fmt::format("--{}", setting.key);
  const std::string help = fmt::format("{} [{}]", setting.help, variable_of(setting.key));
  if (setting.arity == Arity::flag) return app.add_flag(flag, help);
  CLI::Option* option = app.add_option(flag, help)->type_name(std::string(setting.placeholder))->type_size(1);
  option->multi_option_policy(setting.arity == Arity::many ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::TakeLast);
  return option;
}

std::unexpected<Error> unknown_key(std::string_view where, std::string_view key) {
  return fail(Errc::invalid_argument, fmt::format("{}: there is no setting '{}'; the nearest is '{}'", where, key, nearest_key(key)));
}

// A TOML scalar as the flag would have it; nullopt for what no setting takes.
std::optional<std::string> text_of(const toml::node& node) {
  if (auto text = node.value_exact<std::string>()) return text;
  if (const auto number = node.value_exact<std::int64_t>()) return fmt::to_string(*number);
  if (const auto truth = node.value_exact<bool>()) return *truth ? "true" : "false";
  return std::nullopt;
}

}  // namespace

Result<Flags> read_flags(const std::vector<std::string>& arguments) {
  Flags flags;
  CLI::App app("Runs Wick: the APIs, the functions' URLs and the functions themselves.", "wick serve");
  app.allow_extras();
  app.add_option("--config", flags.config_file, "a TOML file with these settings [WICK_CONFIG]")->type_name("FILE");
  std::vector<std::pair<const Setting*, CLI::Option*>> options;
  for (const Setting& setting : settings()) options.emplace_back(&setting, add_to(app, setting));
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 takes them last first
  } catch (const CLI::CallForHelp&) {
    flags.help = app.help();
    return flags;
  } catch (const CLI::ParseError& error) {
    return fail(Errc::invalid_argument, error.what());
  }
  for (const std::string& extra : app.remaining()) {
    const std::string_view flag = std::string_view(extra).substr(0, extra.find('='));
    const std::string_view key = flag.substr(std::min(flag.find_first_not_of('-'), flag.size()));
    return fail(Errc::invalid_argument,
                fmt::format("'{}' is not understood; the nearest is --{}, and wick serve --help lists all", extra, nearest_key(key)));
  }
  for (const auto& [setting, option] : options) {
    if (option->count() > 0) flags.settings[std::string(setting->key)] = Given{fmt::format("--{}", setting->key), option->reduced_results()};
  }
  return flags;
}

GivenSettings read_environment(const Environment& environment) {
  GivenSettings given;
  for (const Setting& setting : settings()) {
    const std::string variable = variable_of(setting.key);
    const auto found = environment.find(variable);
    if (found == environment.end()) continue;
    std::vector<std::string> values{found->second};
    if (setting.arity == Arity::many) boost::split(values, found->second, boost::is_any_of(","));
    given[std::string(setting.key)] = Given{variable, std::move(values)};
  }
  return given;
}

Result<GivenSettings> read_file(const std::string& path) {
  toml::table table;
  try {
    table = toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    return fail(Errc::invalid_argument, fmt::format("{}:{}: {}", path, error.source().begin.line, error.description()));
  }
  GivenSettings given;
  for (const auto& [toml_key, node] : table) {
    const std::string key(toml_key.str());
    const Setting* setting = find_setting(key);
    if (setting == nullptr) return unknown_key(fmt::format("{}:{}", path, node.source().begin.line), key);
    Given entry{fmt::format("{}:{}: {}", path, node.source().begin.line, key), {}};
    const auto take = [&entry](const toml::node& value) -> Result<> {
      auto text = text_of(value);
      if (!text) return fail(Errc::invalid_argument, entry.origin + ": write a string, a whole number, true or false");
      entry.values.push_back(std::move(*text));
      return {};
    };
    if (const toml::array* array = node.as_array(); array != nullptr && setting->arity == Arity::many && !array->empty()) {
      for (const toml::node& element : *array) WICK_CHECK(take(element));
    } else {
      WICK_CHECK(take(node));
    }
    given[key] = std::move(entry);
  }
  return given;
}

}  // namespace wick::daemon
