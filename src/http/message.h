#pragma once
// An HTTP request and a response as the services see them: plain values, no connection.
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "base/result.h"

namespace wick::http {

// Header fields in arrival order; names compare without case.
class Fields {
 public:
  void add(std::string name, std::string value);
  void set(std::string_view name, std::string value);    // replaces every field of that name
  const std::string* find(std::string_view name) const;  // the first
  std::string_view get(std::string_view name) const;     // the first, or empty
  std::vector<std::pair<std::string, std::string>>& all() { return fields_; }
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// The body of a request as it arrives, for the few handlers that want it so (ServerOptions::bodies). Valid until the handler returns.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // The next piece; empty at the end. Errors: too_large, deadline_exceeded, unavailable (the peer is gone or broke the coding).
  virtual boost::asio::awaitable<Result<std::string>> read() = 0;
  virtual const Fields& trailers() const = 0;  // complete once read() has returned the end
  virtual void close() = 0;                    // ends the connection: a read() that waits is unavailable
  virtual bool peer_is_gone() = 0;             // has closed its side, and all that it sent is read; does not wait
};

struct Request {
  std::string method;
  std::string target;  // as it came: /path?query, still percent-encoded
  std::string path;    // the target up to '?', still percent-encoded
  std::string query;   // after '?', still percent-encoded
  Fields fields;
  std::string body;                   // whole, within the server's limit; chunked coding removed
  BodyReader* body_reader = nullptr;  // instead of body, when the server leaves the body to its handler
  std::string peer_address;           // 127.0.0.1
  std::uint16_t peer_port = 0;
  std::string instance;  // set when the call came from inside a sandbox: its InstanceId
};

// Decoded query parameters in order: a=1&b -> {{a,1},{b,""}}. '+' and %XX decoded; malformed escapes stay as they are.
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query);
std::string percent_decode(std::string_view text);
// RFC 3986 unreserved characters stay, the rest become %XX; '/' stays when keep_slash.
enum class Slash { encode, keep };
std::string percent_encode(std::string_view text, Slash slash);

// Where a handler writes a body that comes in pieces. Valid until the Streamer returns.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  virtual boost::asio::awaitable<Result<>> write(std::string chunk) = 0;  // waits while the client is slow
};

struct Response {
  unsigned status = 200;
  Fields fields;  // Content-Length (but for HEAD without a body), Date and Connection are the server's to set
  std::string body;
  // Set for a streamed body (chunked coding): called after the header is sent, writes, and returns at the end. An error ends
  // the connection without the final chunk, so that the client sees the truncation. Not called where there can be no body: HEAD, 204, 304.
  std::function<boost::asio::awaitable<Result<>>(BodyWriter&)> stream;
};

}  // namespace wick::http
