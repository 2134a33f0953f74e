#include "api/wick/json_reply.h"

#include <boost/json/serialize.hpp>

#include "http/aws/utf8.h"

namespace wick::api::own {
namespace {

unsigned status_of(Errc code) {
  switch (code) {
    case Errc::invalid_argument:
      return 400;
    case Errc::not_found:
      return 404;
    case Errc::already_exists:
    case Errc::failed_precondition:
      return 409;
    case Errc::too_large:
      return 413;
    case Errc::throttled:
      return 429;
    case Errc::unauthenticated:
      return 401;
    case Errc::denied:
      return 403;
    case Errc::deadline_exceeded:
      return 504;
    case Errc::unavailable:
      return 503;
    case Errc::io:
    case Errc::internal:
      return 500;
  }
  return 500;
}

http::Response reply(unsigned status, const boost::json::value& body) {
  http::Response response;
  response.status = status;
  response.fields.add("Content-Type", "application/json");
  response.body = boost::json::serialize(body);
  return response;
}

}  // namespace

http::Response json_reply(const boost::json::value& body) { return reply(200, body); }

http::Response json_reply(const Error& error) {
  const std::string message = http::aws::valid_utf8(error.message);  // it may quote what was sent
  return reply(status_of(error.code), boost::json::object{{"code", name(error.code)}, {"message", message}});
}

}  // namespace wick::api::own
