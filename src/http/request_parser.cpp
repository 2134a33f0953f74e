#include "http/request_parser.h"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>

namespace wick::http {
namespace {

namespace beast = boost::beast;
using beast::http::error;

// The shortest end of a chunked body is "0\r\n\r\n". Beast's parser asserts that it sees those five bytes together.
constexpr std::size_t kChunkedEnd = 5;

constexpr Refusal kTooLarge{413, "The request body is too large"};

Refusal refusal_of(const beast::error_code& ec) {
  if (ec == error::body_limit) return kTooLarge;
  if (ec == error::header_limit) return {431, "The request header is too large"};
  return {400, "The request is not valid HTTP/1.1"};
}

}  // namespace

RequestParser::RequestParser(const ServerLimits& limits) : limits_(limits) {
  header_limit(static_cast<std::uint32_t>(limits.header_bytes));
  body_limit(limits.body_bytes);
}

std::expected<void, Refusal> RequestParser::feed(beast::flat_buffer& buffer) {
  if (!is_header_done()) return feed_head(buffer);
  if (!is_done()) return feed_body(buffer);
  return {};
}

std::expected<void, Refusal> RequestParser::feed_head(beast::flat_buffer& buffer) {
  if (!got_some()) {
    // RFC 9112, 2.2: empty lines before a request are ignored.
    while (buffer.size() >= 2 && std::string_view(static_cast<const char*>(buffer.data().data()), 2) == "\r\n") {
      buffer.consume(2);
      head_bytes_ += 2;
    }
    if (buffer.size() == 1 && *static_cast<const char*>(buffer.data().data()) == '\r') return {};
    if (buffer.size() == 0 && head_bytes_ <= limits_.header_bytes) return {};
  }
  beast::error_code ec;
  const std::size_t used = put(buffer.data(), ec);
  buffer.consume(used);
  head_bytes_ += used;
  // Beast's own limit is for what one call sees, not for the whole header.
  const std::size_t waiting = ec == error::need_more ? buffer.size() : 0;
  if (head_bytes_ + waiting > limits_.header_bytes) ec = error::header_limit;
  if (ec && ec != error::need_more) return std::unexpected(refusal_of(ec));
  if (is_header_done()) {
    if (minor_version_ == 0) expects_continue_ = false;  // RFC 9110, 10.1.1
    if (unknown_expectation_) return std::unexpected(Refusal{417, "The only expectation met here is 100-continue"});
    eager(true);
  }
  return {};
}

std::expected<void, Refusal> RequestParser::feed_body(beast::flat_buffer& buffer) {
  if (buffer.size() < (chunked() ? kChunkedEnd : 1)) return {};
  beast::error_code ec;
  buffer.consume(put(buffer.data(), ec));
  // A chunk's header line or the trailers, which must fit the buffer.
  if (ec == error::need_more && buffer.size() > limits_.header_bytes) ec = error::header_limit;
  if (ec && ec != error::need_more) return std::unexpected(refusal_of(ec));
  return {};
}

std::expected<void, Refusal> RequestParser::limit_body(std::size_t bytes) {
  if (const auto length = content_length(); length && *length > bytes) return std::unexpected(kTooLarge);
  chunks_left_ = bytes;
  return {};
}

bool RequestParser::set_target(View target) {
  if (target.starts_with("http://") || target.starts_with("https://")) {  // as to a proxy
    const auto authority = target.find("//") + 2;
    const auto path = target.find_first_of("/?", authority);
    target.remove_prefix(path == View::npos ? target.size() : path);
    if (!target.starts_with('/')) head_.target = "/";
  } else if (!target.starts_with('/') && target != "*") {
    return false;
  }
  head_.target.append(target.data(), target.size());
  const auto question = head_.target.find('?');
  head_.path = head_.target.substr(0, question);
  if (question != std::string::npos) head_.query = head_.target.substr(question + 1);
  return true;
}

void RequestParser::on_request_impl(Verb, View method, View target, int version, Code& ec) {
  head_.method.assign(method.data(), method.size());
  minor_version_ = version - 10;
  if (!set_target(target)) ec = error::bad_target;
}

void RequestParser::on_field_impl(Field field, View name, View value, Code& ec) {
  if (++fields_ > limits_.header_count) {
    ec = error::header_limit;
    return;
  }
  if (is_header_done()) {
    trailers_.add({name.data(), name.size()}, {value.data(), value.size()});
    return;
  }
  if (field == Field::transfer_encoding && (minor_version_ == 0 || !beast::iequals(value, "chunked"))) {
    ec = error::bad_transfer_encoding;
  } else if (field == Field::expect) {
    (beast::iequals(value, "100-continue") ? expects_continue_ : unknown_expectation_) = true;
  } else if (field == Field::host) {
    ++hosts_;
  }
  head_.fields.add({name.data(), name.size()}, {value.data(), value.size()});
}

void RequestParser::on_header_impl(Code& ec) {
  if (hosts_ > 1 || (hosts_ == 0 && minor_version_ > 0)) ec = error::bad_field;
}

void RequestParser::on_chunk_header_impl(std::uint64_t size, View, Code& ec) {
  if (size > chunks_left_) {
    ec = error::body_limit;
  } else {
    chunks_left_ -= size;
  }
}

std::size_t RequestParser::on_body_impl(View body, Code&) {
  body_.append(body.data(), body.size());
  return body.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, View body, Code&) {
  body_.append(body.data(), body.size());
  return body.size();
}

}  // namespace wick::http
