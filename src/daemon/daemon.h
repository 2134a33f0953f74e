#pragma once
// Every part of Wick, built and wired: storage, functions, the engine, the event queue, the APIs, the front door.
//
// One thread runs the event loop; a pool does what blocks. The daemon runs as an ordinary user from before this is made.
#include <memory>

#include "base/result.h"
#include "daemon/config.h"
#include "daemon/startup.h"

namespace wick::daemon {

class Daemon {
 public:
  static Result<std::unique_ptr<Daemon>> make(Config config, Startup startup);
  ~Daemon();

  // Serves until SIGTERM or SIGINT, then drains: no new work, what runs is finished (a second signal ends it), queued events are kept,
  // logs are flushed. Returns the exit status: 0, or 1 if the warden went away.
  int run();

 private:
  class Impl;
  explicit Daemon(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wick::daemon
