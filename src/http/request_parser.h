#pragma once
// One HTTP/1 request out of bytes as they come: Beast's parser, held to the server's limits and to the strict side of RFC 9112
// wherever leniency would let two parsers disagree about where a request ends (request smuggling).
//
// One object per request; no I/O, no clock. After an error it must not be fed again.
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include "http/message.h"
#include "http/server.h"

namespace wick::http {

// What to answer before the connection is closed; status 0: nothing, close.
struct Refusal {
  unsigned status = 0;
  std::string_view message;  // static
};

class RequestParser final : private boost::beast::http::basic_parser<true> {
 public:
  explicit RequestParser(const ServerLimits& limits);

  // Takes what it can use from the front of the buffer, at most to the end of the header, or from there to the end of the
  // request. What is neither finished nor refused then needs more bytes.
  std::expected<void, Refusal> feed(boost::beast::flat_buffer& buffer);

  bool started() const { return head_bytes_ > 0; }
  bool head_done() const { return is_header_done(); }
  bool done() const { return is_done(); }
  int minor_version() const { return minor_version_; }
  bool expects_continue() const { return expects_continue_; }  // and has not been told to
  void continued() { expects_continue_ = false; }
  // REQUIRES head_done() for the rest.
  std::expected<void, Refusal> limit_body(std::size_t bytes);  // narrower than the server's limit; REQUIRES that no body was fed
  bool keep_alive() const { return basic_parser::keep_alive(); }
  Request& head() { return head_; }      // method to fields, to be moved away
  std::string& body() { return body_; }  // what has come of it; the caller may take pieces from it
  const Fields& trailers() const { return trailers_; }

 private:
  using Verb = boost::beast::http::verb;
  using Field = boost::beast::http::field;
  using View = boost::beast::string_view;
  using Code = boost::beast::error_code;

  std::expected<void, Refusal> feed_head(boost::beast::flat_buffer& buffer);
  std::expected<void, Refusal> feed_body(boost::beast::flat_buffer& buffer);
  bool set_target(View target);

  void on_request_impl(Verb, View method, View target, int version, Code& ec) override;
  void on_response_impl(int, View, int, Code&) override {}
  void on_field_impl(Field field, View name, View value, Code& ec) override;
  void on_header_impl(Code& ec) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
  std::size_t on_body_impl(View body, Code&) override;
  void on_chunk_header_impl(std::uint64_t size, View, Code& ec) override;
  std::size_t on_chunk_body_impl(std::uint64_t, View body, Code&) override;
  void on_finish_impl(Code&) override {}

  const ServerLimits& limits_;
  Request head_;
  std::string body_;
  Fields trailers_;
  std::size_t head_bytes_ = 0;
  std::uint64_t chunks_left_ = UINT64_MAX;  // bytes of a chunked body
  std::size_t fields_ = 0;
  int hosts_ = 0;
  int minor_version_ = 1;
  bool expects_continue_ = false;
  bool unknown_expectation_ = false;
};

}  // namespace wick::http
