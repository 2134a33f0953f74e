#pragma once
// Calls of Wick's HTTP APIs, signed, with JSON in and out and errors as values.
#include <functional>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "base/result.h"
#include "http/message.h"
#include "http/sigv4.h"

namespace wick::cli {

// Where Wick is and as whom to call it. Flags first, then WICK_ENDPOINT, WICK_ACCESS_KEY and WICK_SECRET_KEY, then AWS's variables.
struct Endpoint {
  std::string url = "http://127.0.0.1:4566";
  std::string region = "us-east-1";
  http::Credential credential;

  static Endpoint from_environment();
};

class Api {
 public:
  explicit Api(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}
  const std::string& url() const { return endpoint_.url; }

  // service: lambda or wick, for the signature. Returns the answer as it came if its status is below 400; otherwise the API's own
  // message as an error. Error unavailable: nobody answers, with what to do about it.
  Result<http::Response> send(std::string_view service, http::Request request, std::function<bool(std::string_view piece)> on_body = {}) const;

  // body may be null for none; null comes back for an empty answer.
  Result<boost::json::value> call(std::string_view service, std::string method, std::string target, const boost::json::value& body = {}) const;

  Result<boost::json::value> get_function(const std::string& name) const;

 private:
  Endpoint endpoint_;
};

// A member as text, or empty if it is not there or not text.
std::string text_of(const boost::json::value& object, std::string_view member);
// A member as a number, or 0.
std::int64_t number_of(const boost::json::value& object, std::string_view member);
// The same with its fraction.
double real_of(const boost::json::value& object, std::string_view member);
// A member that is a list; an empty one if it is not there.
boost::json::array list_of(const boost::json::value& object, std::string_view member);

// "/2015-03-31/functions/NAME" + rest, with the name made fit for a path.
std::string function_path(const std::string& name, std::string_view rest = {});

}  // namespace wick::cli
