#include "daemon/serve.h"

#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

#include "base/log.h"
#include "daemon/config.h"
#include "daemon/daemon.h"
#include "daemon/startup.h"

namespace wick::daemon {
namespace {

int complain(const Error& error, int status) {
  fmt::print(stderr, "wick serve: {}\n", error.message);
  return status;
}

}  // namespace

int serve(int argc, char** argv) {
  Result<Loaded> loaded = load_config(std::vector<std::string>(argv + 1, argv + argc), this_process());
  if (!loaded) return complain(loaded.error(), 2);
  if (!loaded->help.empty()) {
    fmt::print("{}", loaded->help);
    return 0;
  }
  Config& config = loaded->config;
  config.data = std::filesystem::absolute(config.data).lexically_normal();
  set_up_log(config.log_level);

  Result<Startup> startup = start_up(config, std::filesystem::read_symlink("/proc/self/exe"));
  if (!startup) return complain(startup.error(), 1);
  const Result<std::unique_ptr<Daemon>> daemon = Daemon::make(std::move(config), std::move(*startup));
  if (!daemon) return complain(daemon.error(), 1);
  return (*daemon)->run();
}

}  // namespace wick::daemon
