#include "http/client.h"

#include <charconv>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/error.hpp>

#include "http/response_parser.h"

namespace wick::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

constexpr std::uint64_t kBodyBytesMax = 512ULL * 1024 * 1024;
constexpr std::size_t kReadBytes = 64 * 1024;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

struct Endpoint {
  std::string host;  // without the brackets of an IPv6 address
  std::string port;
  std::string authority;
};

Result<Endpoint> parse_endpoint(const std::string& text) {
  constexpr std::string_view scheme = "http://";
  const auto invalid = [&text] { return fail(Errc::invalid_argument, fmt::format("{} is not an endpoint like http://HOST:PORT", text)); };
  if (!text.starts_with(scheme)) return invalid();
  Endpoint endpoint;
  endpoint.authority = text.substr(scheme.size());
  if (endpoint.authority.ends_with('/')) endpoint.authority.pop_back();
  if (endpoint.authority.find_first_of("/?#@ \t\r\n") != std::string::npos) return invalid();
  const auto colon = endpoint.authority.rfind(':');
  const bool has_port = colon != std::string::npos && endpoint.authority.find(']', colon) == std::string::npos;
  endpoint.host = endpoint.authority.substr(0, has_port ? colon : std::string::npos);
  endpoint.port = has_port ? endpoint.authority.substr(colon + 1) : "80";
  std::uint16_t number = 0;
  const char* const end = endpoint.port.data() + endpoint.port.size();
  if (const auto [rest, error] = std::from_chars(endpoint.port.data(), end, number); error != std::errc() || rest != end) return invalid();
  if (endpoint.host.starts_with('[') && endpoint.host.ends_with(']')) endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
  if (endpoint.host.empty()) return invalid();
  return endpoint;
}

std::string request_head(const Request& request, const Endpoint& endpoint) {
  std::string head = fmt::format("{} {} HTTP/1.1\r\n", request.method, request.target.empty() ? "/" : request.target);
  if (request.fields.find("Host") == nullptr) head += fmt::format("Host: {}\r\n", endpoint.authority);
  for (const auto& [name, value] : request.fields.all()) head += fmt::format("{}: {}\r\n", name, value);
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    head += fmt::format("Content-Length: {}\r\n", request.body.size());
  }
  return head + "Connection: close\r\n\r\n";
}

std::unexpected<Error> broken(const beast::error_code& ec, const std::string& authority) {
  if (ec == beast::error::timeout) return fail(Errc::deadline_exceeded, fmt::format("{} does not answer", authority));
  return fail(Errc::unavailable, fmt::format("the connection to {} broke: {}", authority, ec.message()));
}

struct Call {
  Endpoint endpoint;
  const Request& request;
  const FetchOptions& options;
};

asio::awaitable<Result<>> connect(beast::tcp_stream& stream, const Call& call) {
  tcp::resolver resolver(stream.get_executor());
  const auto [resolve_error, found] = co_await resolver.async_resolve(call.endpoint.host, call.endpoint.port, kAwait);
  if (resolve_error) co_return fail(Errc::unavailable, fmt::format("cannot find {}: {}", call.endpoint.host, resolve_error.message()));
  stream.expires_after(call.options.connect_timeout);
  const auto [ec, where] = co_await stream.async_connect(found, kAwait);
  if (ec == beast::error::timeout) co_return broken(ec, call.endpoint.authority);
  if (ec) co_return fail(Errc::unavailable, fmt::format("nobody listens on {}: {}", call.endpoint.authority, ec.message()));
  boost::system::error_code ignored;
  stream.socket().set_option(tcp::no_delay(true), ignored);
  co_return Result<>();
}

// Piece by piece, so that a long body has its idle time for each of them.
asio::awaitable<beast::error_code> send(beast::tcp_stream& stream, const Call& call, std::string head) {
  std::array<asio::const_buffer, 2> buffers{asio::buffer(head), asio::buffer(call.request.body)};
  while (asio::buffer_size(buffers) > 0) {
    stream.expires_after(call.options.idle_timeout);
    auto [ec, sent] = co_await stream.async_write_some(buffers, kAwait);
    if (ec) co_return ec;
    for (asio::const_buffer& buffer : buffers) {
      const std::size_t taken = std::min(sent, buffer.size());
      buffer += taken;
      sent -= taken;
    }
  }
  co_return beast::error_code();
}

asio::awaitable<Result<Response>> receive(beast::tcp_stream& stream, const Call& call) {
  beast::flat_buffer buffer(4 * kReadBytes);
  for (;;) {
    ResponseParser parser(call.options.on_body, kBodyBytesMax);
    parser.skip(call.request.method == "HEAD");
    while (!parser.is_done()) {
      beast::error_code ec;
      // Beast's parser asserts that it sees the five bytes that end a chunked body together.
      if (buffer.size() >= (parser.is_header_done() && parser.chunked() ? 5 : 1)) buffer.consume(parser.put(buffer.data(), ec));
      if (parser.stopped()) co_return std::move(parser.response());
      if (ec == beast::http::error::body_limit) co_return fail(Errc::too_large, "the response is too large");
      if (ec && ec != beast::http::error::need_more) co_return broken(ec, call.endpoint.authority);
      if (parser.is_done()) break;
      if (buffer.size() > 2 * kReadBytes) co_return fail(Errc::too_large, "the response header is too large");
      stream.expires_after(call.options.idle_timeout);
      const auto [read_error, n] = co_await stream.async_read_some(buffer.prepare(kReadBytes), kAwait);
      if (read_error == asio::error::eof && parser.got_some()) {
        parser.put_eof(ec);
        if (ec) co_return broken(ec, call.endpoint.authority);
      } else if (read_error) {
        co_return broken(read_error, call.endpoint.authority);
      }
      buffer.commit(n);
    }
    if (parser.response().status >= 200) co_return std::move(parser.response());  // else an interim one
  }
}

asio::awaitable<Result<Response>> run(Call call) {
  beast::tcp_stream stream(co_await asio::this_coro::executor);
  WICK_CO_CHECK(co_await connect(stream, call));
  const auto send_error = co_await send(stream, call, request_head(call.request, call.endpoint));
  if (send_error == beast::error::timeout) co_return broken(send_error, call.endpoint.authority);
  auto response = co_await receive(stream, call);  // after a failed send too: the server may have refused early
  if (!response && send_error) co_return broken(send_error, call.endpoint.authority);
  co_return response;
}

}  // namespace

Result<Response> fetch(const std::string& endpoint, const Request& request, const FetchOptions& options) {
  WICK_TRY(auto where, parse_endpoint(endpoint));
  asio::io_context loop(1);
  Result<Response> result = fail(Errc::internal, "the request did not end");
  std::exception_ptr escaped;
  asio::co_spawn(loop, run({std::move(where), request, options}), [&](std::exception_ptr thrown, Result<Response> response) {
    escaped = thrown;
    result = std::move(response);
  });
  loop.run();
  if (escaped) std::rethrow_exception(escaped);
  return result;
}

}  // namespace wick::http
