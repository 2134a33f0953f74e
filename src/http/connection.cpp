#include "http/connection.h"

#include <sys/socket.h>

#include <cerrno>

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/connection_set.h"
#include "http/message_body.h"
#include "http/response_head.h"

namespace wick::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::size_t kHeadRead = 4 * 1024;
constexpr std::size_t kBodyRead = 64 * 1024;
constexpr std::size_t kKeptBuffer = 16 * 1024;  // of an idle connection
constexpr std::size_t kDrained = 256 * 1024;    // of a body that nobody wanted
constexpr Millis kLinger{2'000};

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

Response message_response(unsigned status, std::string_view message) {
  Response response;
  response.status = status;
  response.fields.add("Content-Type", "application/json");
  response.body = fmt::format(R"({{"message":"{}"}})", message);
  return response;
}

}  // namespace

Connection::Connection(std::shared_ptr<ConnectionSet> set, tcp::socket socket, Admission admission)
    : set_(std::move(set)), socket_(std::move(socket)), buffer_(set_->options().limits.header_bytes + 2 * kBodyRead), admission_(admission) {
  boost::system::error_code ec;
  socket_.non_blocking(true, ec);
  const auto peer = socket_.remote_endpoint(ec);
  if (ec) return;
  const auto address = peer.address();
  peer_address_ = (address.is_v6() && address.to_v6().is_v4_mapped()) ? asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string()
                                                                      : address.to_string();
  peer_port_ = peer.port();
}

Connection::~Connection() { set_->leave(*this); }

asio::awaitable<void> Connection::run(std::shared_ptr<Connection> self) {
  while (co_await self->serve_request()) {
  }
  if (self->client_sends_) co_await self->linger();
}

void Connection::check_deadline(MonoTime now) {
  if (now < deadline_) return;
  no_deadline();
  expired_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void Connection::finish() {
  if (idle_) close();
}

bool Connection::peer_is_gone() {
  char byte = 0;
  const ssize_t size = recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return size == 0 || (size < 0 && errno != EAGAIN);
}

void Connection::close() {
  closed_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void Connection::allow(Millis time) { deadline_ = Clock::system().monotonic() + time; }

asio::awaitable<bool> Connection::serve_request() {
  RequestParser parser(set_->options().limits);
  if (const Step step = co_await read_head(parser); !step) co_return co_await refuse(step.error());
  if (admission_ == Admission::refused) co_return co_await refuse({503, "Too many connections"});
  if (const BodyLimit& limit = set_->options().body_limit) {
    if (const Step step = parser.limit_body(limit(parser.head())); !step) co_return co_await refuse(step.error());
  }

  const bool whole = set_->options().bodies == Bodies::whole;
  allow(set_->options().limits.body_timeout);
  BodyLease lease(set_->options().body_budget);
  if (whole && !parser.done()) {
    if (const Step step = co_await read_whole_body(parser, lease); !step) co_return co_await refuse(step.error());
  }
  no_deadline();

  const bool head_request = parser.head().method == "HEAD";
  StreamedBody streamed(*this, parser, set_->options().limits.body_timeout);
  Request request = std::move(parser.head());
  request.peer_address = peer_address_;
  request.peer_port = peer_port_;
  request.instance = set_->options().instance;
  if (whole) {
    request.body = std::move(parser.body());
  } else {
    request.body_reader = &streamed;
  }
  Response response = co_await call_handler(std::move(request));
  lease.release();

  // A client that was not told to go on may send its body or not: nothing can be read after it.
  const bool keep_alive = parser.keep_alive() && !set_->finishing() && !streamed.failed() && (parser.done() || !parser.expects_continue());
  client_sends_ = !parser.done();
  if (!co_await respond(std::move(response), parser, head_request, keep_alive) || !keep_alive) co_return false;
  if (!parser.done() && !co_await drain_body(parser)) co_return false;
  client_sends_ = false;
  if (buffer_.capacity() > kKeptBuffer) buffer_.shrink_to_fit();
  co_return true;
}

asio::awaitable<Response> Connection::call_handler(Request request) {
  try {
    Response response = co_await set_->handler()(std::move(request));
    if (response.status >= 200 && response.status <= 999) co_return response;
    spdlog::error("a handler answered with status {}", response.status);
  } catch (const std::exception& e) {
    spdlog::error("a handler failed: {}", e.what());
  } catch (...) {
    spdlog::error("a handler failed with something that is not a std::exception");
  }
  co_return message_response(500, "Internal server error");
}

asio::awaitable<Connection::Step> Connection::read_head(RequestParser& parser) {
  const ServerLimits& limits = set_->options().limits;
  const bool fresh = buffer_.size() == 0;
  if (fresh && set_->finishing()) co_return std::unexpected(Refusal{});
  allow(fresh ? limits.idle_timeout : limits.header_timeout);
  idle_ = fresh;
  for (;;) {
    if (buffer_.size() > 0) {
      if (const Step step = parser.feed(buffer_); !step) co_return step;
      if (parser.head_done()) co_return Step();
    }
    const Io io = co_await read_some(kHeadRead);
    if (io == Io::gone || (io == Io::timed_out && idle_)) co_return std::unexpected(Refusal{});
    if (io == Io::timed_out) co_return std::unexpected(Refusal{408, "The request header took too long"});
    if (idle_) allow(limits.header_timeout);
    idle_ = false;
  }
}

asio::awaitable<Connection::Step> Connection::read_whole_body(RequestParser& parser, BodyLease& lease) {
  while (!parser.done()) {
    const std::size_t before = parser.body().size();
    if (const Step step = parser.feed(buffer_); !step) co_return step;
    // What is there and what is read next. What a head merely announces takes nothing.
    if (!lease.cover(parser.body().size() + (parser.done() ? 0 : kBodyRead))) {
      co_return std::unexpected(Refusal{503, "Too much is being sent at once: try again"});
    }
    if (parser.done() || parser.body().size() > before) continue;
    if (const Step step = co_await read_more_body(parser); !step) co_return step;
  }
  co_return Step();
}

asio::awaitable<Connection::Step> Connection::read_body_piece(RequestParser& parser) {
  for (;;) {
    if (const Step step = parser.feed(buffer_); !step) co_return step;
    if (parser.done() || !parser.body().empty()) co_return Step();
    if (const Step step = co_await read_more_body(parser); !step) co_return step;
  }
}

asio::awaitable<Connection::Step> Connection::read_more_body(RequestParser& parser) {
  if (parser.expects_continue()) {
    parser.continued();
    constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    if (!co_await write(Buffers{asio::buffer(go_on)})) co_return std::unexpected(Refusal{});
  }
  const Io io = co_await read_some(kBodyRead);
  if (io == Io::ok) co_return Step();
  co_return std::unexpected(io == Io::gone ? Refusal{} : Refusal{408, "The request body took too long"});
}

// What is left of a body that the handler did not read, up to a bound.
asio::awaitable<bool> Connection::drain_body(RequestParser& parser) {
  allow(set_->options().limits.body_timeout);
  std::size_t drained = 0;
  while (!parser.done()) {
    if (!co_await read_body_piece(parser)) co_return false;
    drained += parser.body().size();
    parser.body().clear();
    if (drained > kDrained) co_return false;
  }
  co_return true;
}

asio::awaitable<bool> Connection::refuse(Refusal refusal) {
  if (refusal.status == 0) co_return false;
  client_sends_ = true;
  expired_ = false;
  Response response = message_response(refusal.status, refusal.message);
  if (refusal.status == 503) response.fields.add("Retry-After", "1");
  head_.clear();
  append_response_head(head_, response, {.keep_alive = false});
  allow(kLinger);
  (void)co_await write(Buffers{asio::buffer(head_), asio::buffer(response.body)});
  co_return false;
}

asio::awaitable<bool> Connection::respond(Response response, const RequestParser& parser, bool head_request, bool keep_alive) {
  const bool streams = response.stream != nullptr;
  const bool http10 = parser.minor_version() == 0;
  const Coding coding = !streams ? Coding::length : http10 ? Coding::until_close : Coding::chunked;
  if (coding == Coding::until_close) keep_alive = false;
  expired_ = false;  // of a body that was too slow for its handler
  head_.clear();
  append_response_head(head_, response,
                       {.coding = coding, .keep_alive = keep_alive, .head_request = head_request, .minor_version = parser.minor_version()});
  const bool has_body = may_have_body(response.status) && !head_request;
  Buffers buffers{asio::buffer(head_)};
  if (has_body && !streams) buffers[1] = asio::buffer(response.body);
  allow(set_->options().limits.idle_timeout);
  if (!co_await write(buffers)) co_return false;
  if (streams && has_body && !co_await stream_body(response, coding == Coding::chunked)) co_return false;
  co_return keep_alive;
}

asio::awaitable<bool> Connection::stream_body(Response& response, bool chunked) {
  no_deadline();
  ChunkWriter writer(*this, chunked, set_->options().limits.idle_timeout);
  bool complete = false;
  try {
    complete = (co_await response.stream(writer)).has_value();
  } catch (const std::exception& e) {
    spdlog::error("a response stream failed: {}", e.what());
  } catch (...) {
    spdlog::error("a response stream failed with something that is not a std::exception");
  }
  if (complete) co_return (co_await writer.end()).has_value();
  // Without chunks only a reset tells a broken end from a whole one.
  boost::system::error_code ignored;
  if (!chunked) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  close();
  co_return false;
}

// Closing with unread bytes resets the connection, and the client may lose the response: wait, briefly, for it to hang up.
asio::awaitable<void> Connection::linger() {
  boost::system::error_code ec;
  socket_.shutdown(tcp::socket::shutdown_send, ec);
  if (ec) co_return;
  allow(kLinger);
  for (std::size_t drained = 0; drained < kDrained; drained += buffer_.size()) {
    buffer_.clear();
    if (co_await read_some(kBodyRead) != Io::ok) co_return;
  }
}

asio::awaitable<Connection::Io> Connection::read_some(std::size_t size) {
  if (closed_) co_return Io::gone;
  if (expired_) co_return Io::timed_out;
  const auto [ec, n] = co_await socket_.async_read_some(buffer_.prepare(size), kAwait);
  if (closed_) co_return Io::gone;
  if (ec) co_return expired_ ? Io::timed_out : Io::gone;
  buffer_.commit(n);
  co_return Io::ok;
}

asio::awaitable<Result<>> Connection::write(Buffers buffers) {
  std::size_t left = asio::buffer_size(buffers);
  while (left > 0) {
    if (closed_) co_return fail(Errc::unavailable, "the connection is closed");
    if (expired_) co_return fail(Errc::deadline_exceeded, "the client does not read its response");
    boost::system::error_code ec;
    std::size_t written = socket_.write_some(buffers, ec);
    if (ec == asio::error::would_block) {
      std::tie(ec) = co_await socket_.async_wait(tcp::socket::wait_write, kAwait);
      if (expired_ || closed_) continue;
    }
    if (ec) co_return fail(Errc::unavailable, "the client is gone");
    left -= written;
    for (asio::const_buffer& buffer : buffers) {
      const std::size_t taken = std::min(written, buffer.size());
      buffer += taken;
      written -= taken;
    }
  }
  co_return Result<>();
}

}  // namespace wick::http
