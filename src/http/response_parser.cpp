#include "http/response_parser.h"

#include <boost/beast/http/error.hpp>

namespace wick::http {
namespace {

constexpr std::size_t kFieldsMax = 1000;

}  // namespace

ResponseParser::ResponseParser(const std::function<bool(unsigned, std::string_view)>& on_body, std::uint64_t body_bytes_max) : on_body_(on_body) {
  eager(true);
  header_limit(64 * 1024);
  body_limit(on_body_ ? boost::optional<std::uint64_t>() : boost::optional<std::uint64_t>(body_bytes_max));
}

void ResponseParser::on_field_impl(Field, View name, View value, Code& ec) {
  if (++fields_ > kFieldsMax) ec = boost::beast::http::error::header_limit;
  if (!is_header_done()) response_.fields.add({name.data(), name.size()}, {value.data(), value.size()});
}

std::size_t ResponseParser::take(View body, Code& ec) {
  if (!on_body_) {
    response_.body.append(body.data(), body.size());
  } else if (!on_body_(response_.status, {body.data(), body.size()})) {
    stopped_ = true;
    ec = boost::beast::http::error::end_of_stream;
  }
  return body.size();
}

}  // namespace wick::http
