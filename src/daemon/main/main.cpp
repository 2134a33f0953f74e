// The `wick` program: `wick serve` is the daemon, everything else its client.
#include <string_view>

#include "cli/cli.h"
#include "daemon/serve.h"

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "serve") return wick::daemon::serve(argc - 1, argv + 1);
  return wick::cli::run(argc, argv);
}
