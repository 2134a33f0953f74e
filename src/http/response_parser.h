#pragma once
// One HTTP/1 response out of bytes as they come, for the client. No I/O.
#include <functional>

#include <boost/beast/http/basic_parser.hpp>

#include "http/message.h"

namespace wick::http {

class ResponseParser final : public boost::beast::http::basic_parser<false> {
 public:
  // on_body as in FetchOptions; may be empty. body_bytes_max is for a body that is kept.
  ResponseParser(const std::function<bool(unsigned, std::string_view)>& on_body, std::uint64_t body_bytes_max);

  Response& response() { return response_; }
  bool stopped() const { return stopped_; }  // on_body has had enough

 private:
  using Verb = boost::beast::http::verb;
  using Field = boost::beast::http::field;
  using View = boost::beast::string_view;
  using Code = boost::beast::error_code;

  std::size_t take(View body, Code& ec);

  void on_request_impl(Verb, View, View, int, Code&) override {}
  void on_response_impl(int status, View, int, Code&) override { response_.status = static_cast<unsigned>(status); }
  void on_field_impl(Field, View name, View value, Code& ec) override;
  void on_header_impl(Code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
  std::size_t on_body_impl(View body, Code& ec) override { return take(body, ec); }
  void on_chunk_header_impl(std::uint64_t, View, Code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View body, Code& ec) override { return take(body, ec); }
  void on_finish_impl(Code&) override {}

  const std::function<bool(unsigned, std::string_view)>& on_body_;
  Response response_;
  std::size_t fields_ = 0;
  bool stopped_ = false;
};

}  // namespace wick::http
