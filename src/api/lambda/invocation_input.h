#pragma once
// What the three ways to invoke read of their input alike.
#include <string>

#include "api/lambda/invoke.h"
#include "api/lambda/names.h"

namespace wick::api::lambda {

// The version that the input names, from memory when it was asked for before. Errors: not there, or failed to become active.
boost::asio::awaitable<ApiResult<function::Target>> target_of(Invoker invoker, Named who);

// Payload: {} when it is empty. Error: not JSON.
ApiResult<std::string> payload_of(boost::json::object& input, std::string_view member);

// ClientContext, decoded from its base64. Errors: not base64 of JSON, or longer than 3583 bytes.
ApiResult<std::string> client_context_of(const boost::json::object& input);

// The caller's trace, or a new one: Root=1-65a1b2c3-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0.
std::string trace_or_new(std::string given, const Clock& clock, Random& random);

// What the engine refused to run.
std::unexpected<ApiError> not_run(const Error& error);

}  // namespace wick::api::lambda
