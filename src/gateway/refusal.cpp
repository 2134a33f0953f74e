#include "gateway/refusal.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "http/aws/utf8.h"

namespace wick::gateway {
namespace {

std::string_view wick_code(unsigned status) {
  switch (status) {
    case 403:
      return "denied";
    case 404:
      return "not_found";
    case 500:
      return "internal";
    default:
      return "invalid_argument";
  }
}

}  // namespace

http::Response to_response(Service service, const Refusal& refusal) {
  const std::string message = http::aws::valid_utf8(refusal.message);  // it may quote what was sent
  boost::json::object body;
  switch (service) {
    case Service::function_url:
      body["Message"] = message;
      break;
    case Service::wick:
      body["code"] = wick_code(refusal.status);
      body["message"] = message;
      break;
    case Service::lambda:
    case Service::none:
      if (refusal.status >= 500) body["Type"] = "Service";
      body["message"] = message;
      break;
  }
  http::Response response;
  response.status = refusal.status;
  response.fields.add("Content-Type", "application/json");
  if (service != Service::wick) response.fields.add("x-amzn-errortype", refusal.code);
  response.body = boost::json::serialize(body);
  return response;
}

}  // namespace wick::gateway
