#pragma once
// The subcommands: each adds itself to the command line and says what to run when it is chosen.
#include <functional>
#include <string>

#include "base/result.h"
#include "cli/api.h"

namespace CLI {
class App;
}

namespace wick::cli {

// What every command has: filled from the command line before the chosen command runs.
struct Session {
  Endpoint endpoint = Endpoint::from_environment();
  bool json = false;
  // The chosen command. Its int is the exit status where nothing failed.
  std::function<Result<int>(const Api&)> chosen;
};

void add_deploy(CLI::App& app, Session& session);
void add_invoke(CLI::App& app, Session& session);
void add_logs(CLI::App& app, Session& session);
void add_functions(CLI::App& app, Session& session);  // ls, show, rm
void add_runtime(CLI::App& app, Session& session);
void add_status(CLI::App& app, Session& session);
void add_usage(CLI::App& app, Session& session);
void add_why(CLI::App& app, Session& session);
void add_completion(CLI::App& app, Session& session);

void print_json(const boost::json::value& value);

}  // namespace wick::cli
