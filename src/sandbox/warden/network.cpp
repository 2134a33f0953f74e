#include "sandbox/warden/network.h"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

namespace wick::sandbox::warden {
namespace {

constexpr int kBacklog = 128;

Result<> raise_loopback() {
  const UniqueFd any(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!any) return fail_errno("make a socket");
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (ioctl(any.get(), SIOCSIFFLAGS, &request) != 0) return fail_errno("raise loopback");
  return {};
}

Result<UniqueFd> listen_on_loopback(std::uint16_t port) {
  UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener) return fail_errno("make a socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 || listen(listener.get(), kBacklog) != 0)
    return fail_errno("listen on port", std::to_string(port));
  return listener;
}

Result<UniqueFd> new_network(int proc_self) {
  if (unshare(CLONE_NEWNET) != 0) return fail_errno("make a network namespace");
  UniqueFd ns(openat(proc_self, "ns/net", O_RDONLY | O_CLOEXEC));
  if (!ns) return fail_errno("open the network namespace");
  return ns;
}

}  // namespace

Result<InstanceNetwork> furnish_network() {
  InstanceNetwork network;
  WICK_CHECK(raise_loopback());
  WICK_TRY(network.runtime_api, listen_on_loopback(kRuntimeApiPort));
  WICK_TRY(network.api, listen_on_loopback(kApiPort));
  return network;
}

Result<Networks> Networks::open(UniqueFd proc_self) {
  WICK_TRY(UniqueFd home, new_network(proc_self.get()));
  return Networks(std::move(proc_self), std::move(home));
}

Result<InstanceNetwork> Networks::make() const {
  const auto build = [this]() -> Result<InstanceNetwork> {
    WICK_TRY(UniqueFd ns, new_network(proc_self_.get()));
    WICK_TRY(InstanceNetwork network, furnish_network());
    network.ns = std::move(ns);
    return network;
  };
  auto network = build();
  if (setns(home_.get(), CLONE_NEWNET) != 0) return fail_errno("leave a network namespace");
  return network;
}

Result<> Networks::enter(const InstanceNetwork& network) {
  if (setns(network.ns.get(), CLONE_NEWNET) != 0) return fail_errno("enter a network namespace");
  return {};
}

}  // namespace wick::sandbox::warden
