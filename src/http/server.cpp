#include "http/server.h"

#include <vector>

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/connection_set.h"

namespace wick::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// Accepting again at once would spin while the process is out of file descriptors or memory.
constexpr std::chrono::milliseconds kPauseAfterFailure{100};

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

}  // namespace

class Server::Impl : public std::enable_shared_from_this<Server::Impl> {
 public:
  Impl(asio::any_io_executor loop, Handler handler, ServerOptions options)
      : loop_(loop), connections_(std::make_shared<ConnectionSet>(std::move(loop), std::move(handler), std::move(options))) {}

  Result<std::uint16_t> listen(const std::string& address, std::uint16_t port) {
    boost::system::error_code ec;
    const auto ip = asio::ip::make_address(address, ec);
    if (ec) return fail(Errc::invalid_argument, fmt::format("{} is not an IP address to listen on", address));
    const tcp::endpoint endpoint(ip, port);
    tcp::acceptor acceptor(loop_);
    acceptor.open(endpoint.protocol(), ec);
    if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
    if (!ec) acceptor.bind(endpoint, ec);
    if (!ec) acceptor.listen(tcp::acceptor::max_listen_connections, ec);
    if (ec) return fail(Errc::io, fmt::format("cannot listen on {} port {}: {}", address, port, ec.message()));
    const auto bound = acceptor.local_endpoint(ec).port();
    start(std::move(acceptor));
    return bound;
  }

  Result<> adopt(UniqueFd socket) {
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0) return fail_errno("getsockname", "adopted socket");
    if (name.ss_family != AF_INET && name.ss_family != AF_INET6) return fail(Errc::invalid_argument, "not a TCP socket");
    tcp::acceptor acceptor(loop_);
    boost::system::error_code ec;
    acceptor.assign(name.ss_family == AF_INET ? tcp::v4() : tcp::v6(), socket.get(), ec);
    if (ec) return fail(Errc::io, "cannot listen on an adopted socket: " + ec.message());
    (void)socket.release();
    start(std::move(acceptor));
    return {};
  }

  void close_listeners() {
    boost::system::error_code ignored;
    for (const auto& listener : listeners_) listener->close(ignored);
    listeners_.clear();
  }

  void close() {
    close_listeners();
    connections_->close();
  }

  static asio::awaitable<void> stop(std::shared_ptr<Impl> self, Millis grace) {
    self->close_listeners();
    self->connections_->finish();
    co_await self->connections_->wait_until_empty(grace);
    self->connections_->close();
  }

 private:
  void start(tcp::acceptor acceptor) {
    boost::system::error_code ignored;
    acceptor.set_option(tcp::no_delay(true), ignored);  // accepted sockets inherit it
    listeners_.push_back(std::make_shared<tcp::acceptor>(std::move(acceptor)));
    asio::co_spawn(loop_, accept(listeners_.back(), connections_), asio::detached);
  }

  // Ends when its listener is closed.
  static asio::awaitable<void> accept(std::shared_ptr<tcp::acceptor> listener, std::shared_ptr<ConnectionSet> connections) {
    asio::steady_timer pause(listener->get_executor());
    while (listener->is_open()) {
      auto [ec, socket] = co_await listener->async_accept(kAwait);
      if (!ec) {
        connections->serve(std::move(socket));
      } else if (listener->is_open() && ec != asio::error::connection_aborted) {
        spdlog::warn("cannot accept a connection: {}", ec.message());
        pause.expires_after(kPauseAfterFailure);
        co_await pause.async_wait(kAwait);
      }
    }
  }

  asio::any_io_executor loop_;
  std::shared_ptr<ConnectionSet> connections_;
  std::vector<std::shared_ptr<tcp::acceptor>> listeners_;
};

Server::Server(asio::any_io_executor loop, Handler handler, ServerOptions options)
    : impl_(std::make_shared<Impl>(std::move(loop), std::move(handler), std::move(options))) {}
Server::~Server() { close(); }

Result<std::uint16_t> Server::listen(const std::string& address, std::uint16_t port) { return impl_->listen(address, port); }
Result<> Server::adopt(UniqueFd listening_socket) { return impl_->adopt(std::move(listening_socket)); }
asio::awaitable<void> Server::stop(std::chrono::milliseconds grace) { return Impl::stop(impl_, grace); }
void Server::close() { impl_->close(); }

}  // namespace wick::http
