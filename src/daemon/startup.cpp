#include "daemon/startup.h"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "daemon/data_directory.h"
#include "daemon/privileges.h"
#include "function/runtime_files.h"

namespace wick::daemon {
namespace {

namespace fs = std::filesystem;

// What belongs to the installation, found from where this program is. All of it is looked at here, since the ordinary user may not be
// let in: a checkout below /root, say.
struct Installation {
  std::string warden;
  std::string runtime_files;                          // the managed runtimes' own code
  std::vector<function::Runtime> bundled_runtimes{};  // the interpreters that come with Wick
};

Result<Installation> find_installation(const std::string& program) {
  const fs::path bin = fs::path(program).parent_path();
  const fs::path share = bin.parent_path() / "share/wick";
  Installation installation{.warden = bin / "wick-warden", .runtime_files = share / "runtime"};
  for (const std::string& needed : {installation.warden, installation.runtime_files}) {
    std::error_code error;
    if (!fs::exists(needed, error)) return fail(Errc::not_found, fmt::format("{} is missing: the installation is not complete", needed));
  }
  installation.bundled_runtimes = function::read_installed_runtimes(share / "runtimes");
  return installation;
}

Result<> take_data(const Config& config, const Installation& installation, Startup& startup) {
  WICK_TRY(startup.data_lock, lock_data_directory(config.data));
  startup.runtimes = function::Runtimes::discover(config.data, function::machine_roots(), installation.bundled_runtimes);
  return {};
}

// With nothing but what the ordinary user may do.
Result<> take_data_as(const User& user, const Config& config, const Installation& installation, Startup& startup) {
  WICK_CHECK(hand_over_data_directory(config.data, {user.uid, user.gid}));
  WICK_TRY(const AsUser identity, AsUser::enter(user));
  return take_data(config, installation, startup);
}

Result<sandbox::WardenProcess> start_warden(const Installation& installation, const Config& config, const function::Runtimes& runtimes,
                                            int data_lock) {
  sandbox::warden::Options options{.data_directory = config.data, .share_directory = installation.runtime_files, .runtimes = {}};
  for (const function::Runtime& runtime : runtimes.all()) {
    // The warden finds those in the data directory itself, without following links: the daemon's user could put one there.
    if (!runtime.root.empty() && !runtimes.is_installed(runtime)) options.runtimes.push_back({runtime.name, runtime.root});
  }
  return sandbox::start_warden(installation.warden, options, data_lock);
}

// Each connection and each instance takes descriptors; the soft limit is often only 1024.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

Result<Startup> start_up(const Config& config, const std::string& program) {
  WICK_TRY(const Installation installation, find_installation(program));
  Startup startup;
  startup.privileged = geteuid() == 0;
  std::optional<User> user;
  if (startup.privileged) {
    WICK_TRY(user, find_user(config.user));
  }
  for (const Address& address : config.listen) {
    WICK_TRY(Listener listener, bind_listener(address));
    startup.listeners.push_back(std::move(listener));
  }
  WICK_CHECK(user ? take_data_as(*user, config, installation, startup) : take_data(config, installation, startup));
  WICK_TRY(startup.warden, start_warden(installation, config, *startup.runtimes, startup.data_lock.get()));
  if (user) WICK_CHECK(become_user(*user));
  WICK_CHECK(harden_process());
  raise_descriptor_limit();
  std::signal(SIGPIPE, SIG_IGN);  // after the warden's start, which would inherit it
  return startup;
}

}  // namespace wick::daemon
