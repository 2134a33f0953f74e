#include "http/connection_set.h"

#include <algorithm>

#include <spdlog/spdlog.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/connection.h"

namespace wick::http {
namespace {

namespace asio = boost::asio;

// Connections over the limit that are kept just long enough to be told 503; further ones are closed unheard.
constexpr std::size_t kRefusedAtOnce = 64;

Millis sweep_period(const ServerLimits& limits) {
  const Millis shortest = std::min({limits.header_timeout, limits.body_timeout, limits.idle_timeout});
  return std::clamp(shortest / 4, Millis(2), Millis(1000));
}

}  // namespace

ConnectionSet::ConnectionSet(asio::any_io_executor loop, Handler handler, ServerOptions options)
    : loop_(std::move(loop)),
      handler_(std::move(handler)),
      options_(std::move(options)),
      sweep_period_(sweep_period(options_.limits)),
      sweep_timer_(loop_),
      emptied_(loop_) {}

void ConnectionSet::serve(asio::ip::tcp::socket socket) {
  const std::size_t limit = options_.limits.connections;
  if (finishing_ || connections_.size() >= limit + kRefusedAtOnce) return;
  const auto admission = connections_.size() < limit ? Admission::served : Admission::refused;
  auto connection = std::make_shared<Connection>(shared_from_this(), std::move(socket), admission);
  connections_.insert(connection.get());
  arm_sweep();
  asio::co_spawn(loop_, Connection::run(std::move(connection)), [](std::exception_ptr escaped) {
    if (!escaped) return;
    try {
      std::rethrow_exception(escaped);
    } catch (const std::exception& e) {
      spdlog::error("a connection ended: {}", e.what());
    }
  });
}

void ConnectionSet::finish() {
  finishing_ = true;
  for (Connection* connection : connections_) connection->finish();
}

void ConnectionSet::close() {
  finishing_ = true;
  for (Connection* connection : connections_) connection->close();
}

asio::awaitable<void> ConnectionSet::wait_until_empty(Millis at_most) {
  const auto self = shared_from_this();
  const MonoTime end = Clock::system().monotonic() + at_most;
  while (!connections_.empty() && Clock::system().monotonic() < end) {
    emptied_.expires_at(end);
    co_await emptied_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

void ConnectionSet::leave(Connection& connection) {
  connections_.erase(&connection);
  if (!connections_.empty()) return;
  sweep_timer_.cancel();
  emptied_.cancel();
}

void ConnectionSet::arm_sweep() {
  if (sweeping_) return;
  sweeping_ = true;
  sweep_timer_.expires_after(sweep_period_);
  sweep_timer_.async_wait([weak = weak_from_this()](boost::system::error_code) {
    if (const auto self = weak.lock()) self->sweep();
  });
}

void ConnectionSet::sweep() {
  sweeping_ = false;
  if (connections_.empty()) return;
  const MonoTime now = Clock::system().monotonic();
  for (Connection* connection : connections_) connection->check_deadline(now);
  arm_sweep();
}

}  // namespace wick::http
