#pragma once
// From what a function returned to the HTTP response that its URL gives (Lambda Developer Guide, "Response payload format").
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace wick::api::function_url {

// result: the function's result as JSON. An object with statusCode says status, headers, cookies and body; anything else is the body
// itself, as JSON, a string without its quotes. What cannot be a response is 502.
http::Response reply_of(const std::string& result);

// Status, headers and cookies of a streamed response, from its prelude; nullopt if it is not one.
std::optional<http::Response> reply_of_prelude(std::string_view prelude);

// {"Message": ...} with x-amzn-ErrorType.
http::Response refusal(unsigned status, std::string_view error_type, std::string_view message);
http::Response forbidden();
http::Response no_such_url();     // 403 as well, and no more is said
http::Response internal_error();  // 502: the function failed, or answered what cannot be a response

}  // namespace wick::api::function_url
