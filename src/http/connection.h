#pragma once
// One client's connection: its requests one after another, until it goes, breaks a rule, takes too long, or the server ends.
//
// Owned by its own coroutine (run), known to its ConnectionSet while it lives. One event loop. Every wait on the client has a
// deadline, which the set's sweep enforces; a running handler has none here.
#include <array>
#include <memory>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "base/clock.h"
#include "http/request_parser.h"

namespace wick::http {

class BodyLease;
class ConnectionSet;

enum class Admission { served, refused };  // refused: over the limit of connections, told so in answer to the first request

class Connection {
 public:
  Connection(std::shared_ptr<ConnectionSet> set, boost::asio::ip::tcp::socket socket, Admission admission);
  ~Connection();
  Connection(const Connection&) = delete;

  static boost::asio::awaitable<void> run(std::shared_ptr<Connection> self);

  void check_deadline(MonoTime now);
  void finish();  // no further requests
  void close();
  bool peer_is_gone();

  // For the body's reader and writer (message_body.h).
  using Step = std::expected<void, Refusal>;
  using Buffers = std::array<boost::asio::const_buffer, 3>;             // gathered into one system call; may be empty
  boost::asio::awaitable<Step> read_body_piece(RequestParser& parser);  // until there is some, or the end
  boost::asio::awaitable<Result<>> write(Buffers buffers);              // all of it
  void allow(Millis time);                                              // for what is waited for next
  void no_deadline() { deadline_ = MonoTime::max(); }

 private:
  enum class Io { ok, gone, timed_out };

  boost::asio::awaitable<bool> serve_request();  // true: the next may come
  boost::asio::awaitable<Step> read_head(RequestParser& parser);
  boost::asio::awaitable<Step> read_whole_body(RequestParser& parser, BodyLease& lease);
  boost::asio::awaitable<Step> read_more_body(RequestParser& parser);
  boost::asio::awaitable<bool> drain_body(RequestParser& parser);
  boost::asio::awaitable<Response> call_handler(Request request);
  boost::asio::awaitable<bool> respond(Response response, const RequestParser& parser, bool head_request, bool keep_alive);
  boost::asio::awaitable<bool> stream_body(Response& response, bool chunked);
  boost::asio::awaitable<bool> refuse(Refusal refusal);  // false
  boost::asio::awaitable<void> linger();
  boost::asio::awaitable<Io> read_some(std::size_t size);

  std::shared_ptr<ConnectionSet> set_;
  boost::asio::ip::tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
  std::string head_;  // of a response; kept for its capacity
  std::string peer_address_;
  std::uint16_t peer_port_ = 0;
  MonoTime deadline_ = MonoTime::max();
  const Admission admission_;
  bool idle_ = false;  // waits for the first byte of a request
  bool expired_ = false;
  bool closed_ = false;
  bool client_sends_ = false;  // closing now would reset the connection before the client has read the response
};

}  // namespace wick::http
