#include "cli/cli.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"

namespace wick::cli {

ExitCode exit_code(Errc code) {
  switch (code) {
    case Errc::not_found:
      return kNotFound;
    case Errc::unavailable:
      return kUnreachable;
    case Errc::throttled:
      return kThrottled;
    default:
      return kFailed;
  }
}

void print_json(const boost::json::value& value) { fmt::print("{}\n", boost::json::serialize(value)); }

int run(int argc, char** argv) {
  Session session;
  CLI::App app("Wick runs functions on demand: push code, call it, and it is there only while needed.", "wick");
  app.set_version_flag("--version", "wick " WICK_VERSION);
  app.require_subcommand(0, 1);
  app.fallthrough();
  app.add_option("--endpoint", session.endpoint.url, "Where Wick is (WICK_ENDPOINT)")->type_name("URL")->capture_default_str();
  app.add_flag("--json", session.json, "Print JSON");
  app.footer(
      "wick serve --help tells how to start the daemon.\n"
      "Exit status: 0 done, 1 failed, 2 usage, 3 not found, 4 no Wick answers, 5 throttled, 10 the function failed.");
  // The daemon's own command line: main() gives it over when `serve` comes first.
  app.add_subcommand("serve", "Start the daemon")->callback([&session] {
    session.chosen = [](const Api&) -> Result<int> { return fail(Errc::invalid_argument, "serve comes first: wick serve [OPTIONS]"); };
  });
  add_deploy(app, session);
  add_invoke(app, session);
  add_logs(app, session);
  add_functions(app, session);
  add_runtime(app, session);
  add_status(app, session);
  add_usage(app, session);
  add_why(app, session);
  add_completion(app, session);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kUsage;
  }
  if (!session.chosen) {
    fmt::print("{}", app.help());
    return kUsage;
  }
  const Result<int> done = session.chosen(Api(session.endpoint));
  if (done) return *done;
  if (session.json) {
    print_json({{"error", {{"code", std::string(name(done.error().code))}, {"message", done.error().message}}}});
  } else {
    complain(done.error().message);
  }
  return exit_code(done.error().code);
}

}  // namespace wick::cli
