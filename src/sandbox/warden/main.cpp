// wick-warden: the only privileged program of Wick. See options.h for how it is started and message.h for what it is told.
#include <unistd.h>

#include <cstdio>

#include <fmt/format.h>

#include "sandbox/warden/host.h"
#include "sandbox/warden/message.h"
#include "sandbox/warden/options.h"
#include "sandbox/warden/packet.h"
#include "sandbox/warden/serve.h"

namespace wick::sandbox::warden {
namespace {

int fail_with(const Error& error) {
  fmt::print(stderr, "wick-warden: {}\n", error.message);
  return 1;
}

int run(const std::vector<std::string>& arguments) {
  auto options = parse_arguments(arguments);
  if (!options) return fail_with(options.error());
  auto host = set_up_host(std::move(*options));
  if (!host) {
    const Hello hello{.version = kProtocolVersion, .error = host.error().message, .missing = {}};
    (void)send_packet(kDaemonSocket, encode(hello), {}, Wait::yes);
    return fail_with(host.error());
  }
  auto server = Server::open(UniqueFd(kDaemonSocket), std::move(*host));
  if (!server) return fail_with(server.error());
  const auto served = server->run();
  return served ? 0 : fail_with(served.error());
}

}  // namespace
}  // namespace wick::sandbox::warden

// _exit: everything is released by then, and a leak check at exit would have to trace this process, which nobody may.
int main(int argc, char** argv) { _exit(wick::sandbox::warden::run({argv + 1, argv + argc})); }
