#pragma once
// What must happen before there are threads, and, when root started the daemon, before it becomes an ordinary user: ports are bound,
// the installation is read, the data directory is taken, interpreters are looked for, the warden is started. Afterwards the process has
// no privileges, and need not even reach the folder that this program is in.
#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "daemon/config.h"
#include "daemon/listener.h"
#include "function/runtimes.h"
#include "sandbox/start.h"

namespace wick::daemon {

struct Startup {
  std::vector<Listener> listeners;
  UniqueFd data_lock;
  std::unique_ptr<function::Runtimes> runtimes;
  sandbox::WardenProcess warden;
  bool privileged = false;  // root started it: the warden has real privileges
};

// program: this program's own path; wick-warden stands beside it and the runtimes' files in ../share/wick/runtime.
Result<Startup> start_up(const Config& config, const std::string& program);

}  // namespace wick::daemon
