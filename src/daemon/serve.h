#pragma once
// `wick serve`: reads the configuration, starts the daemon, and runs it until it is told to stop.

namespace wick::daemon {

// argv[0] is "serve". Returns the exit status: 0 after a drain, 1 when it could not start or go on, 2 for a wrong command line.
int serve(int argc, char** argv);

}  // namespace wick::daemon
