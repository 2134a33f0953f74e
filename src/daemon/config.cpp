#include "daemon/config.h"

#include <unistd.h>

#include <filesystem>

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>

#include "daemon/config_sources.h"
#include "daemon/settings.h"

namespace wick::daemon {
namespace {

std::string variable(const Caller& caller, const std::string& name) {
  const auto found = caller.environment.find(name);
  return found == caller.environment.end() ? std::string() : found->second;
}

// $XDG_DATA_HOME or its default under the home folder; empty without one.
std::string user_folder(const Caller& caller, const std::string& xdg_variable, std::string_view below_home) {
  if (std::string folder = variable(caller, xdg_variable); !folder.empty()) return folder;
  const std::string home = variable(caller, "HOME");
  return home.empty() ? std::string() : fmt::format("{}/{}", home, below_home);
}

std::string default_config_file(const Caller& caller) {
  std::vector<std::string> places;
  if (const std::string folder = user_folder(caller, "XDG_CONFIG_HOME", ".config"); !caller.root && !folder.empty()) {
    places.push_back(folder + "/wick/wick.toml");
  }
  places.push_back("/etc/wick/wick.toml");
  for (std::string& place : places) {
    std::error_code ignored;
    if (std::filesystem::exists(place, ignored)) return std::move(place);
  }
  return {};
}

std::string default_data(const Caller& caller) {
  if (caller.root) return "/var/lib/wick";
  const std::string folder = user_folder(caller, "XDG_DATA_HOME", ".local/share");
  return folder.empty() ? std::string() : folder + "/wick";
}

Result<> check(const Config& config) {
  if (config.data.empty()) return fail(Errc::invalid_argument, "there is no home folder to keep data in: give --data DIR");
  if (config.access_key.empty() != config.secret_key.empty()) {
    return fail(Errc::invalid_argument, "--access-key and --secret-key belong together: give both or neither");
  }
  if (!config.access_key.empty()) return {};
  for (const Address& address : config.listen) {
    if (boost::asio::ip::make_address(address.host).is_loopback()) continue;
    return fail(Errc::invalid_argument,
                fmt::format("will not listen on {} without credentials, as anyone who reaches it could run code here: give --access-key and "
                            "--secret-key (or WICK_ACCESS_KEY and WICK_SECRET_KEY, or access-key and secret-key in the config file), or listen "
                            "on 127.0.0.1 only",
                            to_string(address)));
  }
  return {};
}

}  // namespace

std::string to_string(const Address& address) {
  return fmt::format(fmt::runtime(address.host.find(':') == std::string::npos ? "{}:{}" : "[{}]:{}"), address.host, address.port);
}

Caller this_process() {
  Caller caller{.root = geteuid() == 0, .environment = {}};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) caller.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return caller;
}

Result<Loaded> load_config(const std::vector<std::string>& arguments, const Caller& caller) {
  Loaded loaded;
  WICK_TRY(Flags flags, read_flags(arguments));
  loaded.help = std::move(flags.help);
  if (!loaded.help.empty()) return loaded;

  std::string file = flags.config_file;
  if (file.empty()) file = variable(caller, "WICK_CONFIG");
  if (file.empty()) file = default_config_file(caller);

  GivenSettings given = std::move(flags.settings);
  given.merge(read_environment(caller.environment));
  if (!file.empty()) {
    WICK_TRY(GivenSettings from_file, read_file(file));
    given.merge(from_file);
  }
  loaded.config.data = default_data(caller);
  for (const auto& [key, value] : given) {
    if (auto applied = find_setting(key)->apply(loaded.config, value.values); !applied) {
      return fail(applied.error().code, fmt::format("{}: {}", value.origin, applied.error().message));
    }
  }
  WICK_CHECK(check(loaded.config));
  return loaded;
}

}  // namespace wick::daemon
