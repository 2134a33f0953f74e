#pragma once
// One mechanism for every AWS service: operations, shapes and constraints come from a table (a JSON file beside the service's
// adapter, embedded at build time), and this turns requests into validated input objects and output objects into responses.
//
// The table: {"service": "lambda", "protocol": "rest-json", "operations": {NAME: {"method","uri","status","input","output"}},
// "shapes": {NAME: {"type": structure|list|map|string|integer|long|boolean|blob|timestamp|double, "members": {...}, "required": [...],
// "min","max","pattern","enum", "location": uri|querystring|header|headers|payload, "locationName", ...}}}.
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

// An error as an AWS client sees it: x-amzn-errortype CODE, body {"Type": ..., "message"/"Message": ...} plus extra members.
struct ApiError {
  unsigned status = 400;
  std::string code;       // ResourceNotFoundException
  std::string message;
  boost::json::object extra;  // further body members (Reason, Type: "User")
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

  std::optional<Match> match(const Request& request) const;
  static std::string_view name(const Operation& operation);

  // Input members by their shape names, wherever they travelled. A streaming or blob payload member is a string of raw bytes;
  // blobs inside JSON arrive decoded from base64.
  ApiResult<boost::json::object> decode(const Match& match, const Request& request) const;
  // Output members go where the shape says: body, headers, status. A null member is left out.
  Response encode(const Operation& operation, const boost::json::object& output) const;

  Response encode_error(const ApiError& error, std::string_view request_id) const;

 private:
  struct Tables;
  explicit ServiceModel(std::unique_ptr<Tables> tables);
  std::unique_ptr<Tables> tables_;
};

}  // namespace wick::http::aws
