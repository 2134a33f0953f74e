#pragma once
// One mechanism for every AWS service: operations, shapes and constraints come from a table (a JSON file beside the service's
// adapter, embedded at build time), and this turns requests into validated input objects and output objects into responses.
//
// The table: {"service": "lambda", "protocol": "rest-json",
// "errors": {CODE: [body members: "Type", and "Message" or "message"]}; an error not listed carries "message" alone,
// "operations": {NAME: {"method","uri","status","input","output","max_bytes","called"}},
// "shapes": {NAME: {"type": structure|list|map|string|integer|long|boolean|double|blob|timestamp, "members": {NAME: SHAPE or
// {"shape","location": uri|querystring|header|payload|statusCode,"locationName"}}, "required": [...], "member" of a list, "key" and
// "value" of a map, "min","max","pattern","enum","also","sensitive","sparse"}}}. "also" are values taken beside those of "enum", but not
// named in errors. A scalar without constraints is named by its type. A pattern
// is written as AWS words it (Java); where RE2 cannot express that (lookaround), "match" is the same language without. The order
// of members and of an enum's values is the order in which errors name them.
// Validation errors are collected over the whole input and worded as AWS words them: "2 validation errors detected: Value ...".
// rest-json now; json and query protocols join here when their services do.
//
// Immutable after parse; any thread.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "base/result.h"
#include "http/message.h"

namespace wick::http::aws {

// An error as an AWS client sees it: x-amzn-errortype CODE, body {"Type": ..., "message"/"Message": ...} plus extra members. Which of
// these its body has comes from the table. An empty message is sent as null. extra {"Type": null} leaves Type out, for the few
// cases where AWS does.
struct ApiError {
  unsigned status = 400;
  std::string code;  // ResourceNotFoundException
  std::string message;
  boost::json::object extra;  // further body members (Reason)
};

template <class T>
using ApiResult = std::expected<T, ApiError>;

inline std::unexpected<ApiError> api_error(unsigned status, std::string code, std::string message, boost::json::object extra = {}) {
  return std::unexpected(ApiError{status, std::move(code), std::move(message), std::move(extra)});
}

struct Operation;

struct Match {
  const Operation* operation = nullptr;
  std::map<std::string, std::string> labels;  // decoded uri labels
};

class ServiceModel {
 public:
  static Result<std::unique_ptr<const ServiceModel>> parse(std::string_view table);
  ~ServiceModel();

  std::optional<Match> match(const Request& request) const;  // nullopt: no operation has this method and path
  static std::string_view name(const Operation& operation);

  // Input members by their shape names, wherever they travelled. A blob payload member is a string of raw bytes, absent when the body
  // is empty; blobs inside JSON arrive decoded from base64, timestamps as seconds since 1970. Unknown and null members are gone.
  // Errors: SerializationException (broken JSON, a wrong type), ValidationException (a constraint), RequestEntityTooLargeException.
  ApiResult<boost::json::object> decode(const Match& match, const Request& request) const;
  // Output members go where the shape says: body, headers, status. A null member is left out, as is one the shape does not have.
  Response encode(const Operation& operation, const boost::json::object& output) const;

  // For a code the table does not list too.
  Response encode_error(const ApiError& error, std::string_view request_id) const;

 private:
  struct Tables;
  explicit ServiceModel(std::unique_ptr<Tables> tables);
  std::unique_ptr<Tables> tables_;
};

}  // namespace wick::http::aws
