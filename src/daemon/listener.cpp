#include "daemon/listener.h"

#include <sys/socket.h>

#include <cerrno>

#include <fmt/format.h>
#include <boost/asio/ip/tcp.hpp>

namespace wick::daemon {
namespace {

using boost::asio::ip::tcp;

std::unexpected<Error> explain(const Address& address) {
  const std::string place = to_string(address);
  switch (errno) {
    case EADDRINUSE:
      return fail(Errc::io, fmt::format("{} is in use by another program (ss -ltnp names it): stop it, or choose another address with --listen, "
                                        "such as --listen 127.0.0.1:0",
                                        place));
    case EACCES:
      return fail(Errc::io, fmt::format("{} is a port that only root may use: start as root, or choose a port from 1024 up with --listen", place));
    case EADDRNOTAVAIL:
      return fail(Errc::io, fmt::format("{} is no address of this machine (ip address lists them)", place));
    default:
      return fail_errno("listen on", place);
  }
}

}  // namespace

Result<Listener> bind_listener(const Address& address) {
  const tcp::endpoint endpoint(boost::asio::ip::make_address(address.host), address.port);
  Listener listener{UniqueFd(socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), address};
  const int fd = listener.socket.get();
  const int on = 1;
  if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return explain(address);
  if (endpoint.address().is_v6() && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) return explain(address);
  if (bind(fd, endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 || ::listen(fd, SOMAXCONN) != 0) return explain(address);

  tcp::endpoint bound;
  auto size = static_cast<socklen_t>(bound.capacity());
  if (getsockname(fd, bound.data(), &size) != 0) return explain(address);
  listener.address.port = bound.port();
  return listener;
}

}  // namespace wick::daemon
