#pragma once
// How the Lambda API names and words what goes wrong. Everything an operation can answer besides its output is made here, or is an
// error of function/ (worded as AWS words it) given its name here.
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/aws/service_model.h"

namespace wick::api::lambda {

using http::aws::ApiError;
using http::aws::ApiResult;

// not_found: ResourceNotFoundException 404; already_exists: ResourceConflictException 409; failed_precondition:
// PreconditionFailedException 412; invalid_argument: InvalidParameterValueException 400; the rest: ServiceException 500 or 503.
ApiError to_api(const Error& error);
inline std::unexpected<ApiError> refuse(const Error& error) { return std::unexpected(to_api(error)); }

std::unexpected<ApiError> invalid_parameter(std::string message);  // InvalidParameterValueException
std::unexpected<ApiError> invalid_content(std::string_view why);   // InvalidRequestContentException, of Invoke's payload
std::unexpected<ApiError> entity_too_large(std::string message);   // RequestEntityTooLargeException
std::unexpected<ApiError> not_found(std::string message);          // ResourceNotFoundException
std::unexpected<ApiError> throttled(std::string reason);           // TooManyRequestsException
std::unexpected<ApiError> access_denied();                         // another account's function
std::unexpected<ApiError> unknown_operation(std::string_view method, std::string_view path);

}  // namespace wick::api::lambda

// WICK_TRY and WICK_CHECK for handlers: the error of a Result becomes the ApiError it stands for.
#define API_TRY(binding, expression)                                                                   \
  auto WICK_TRY_NAME_(__LINE__) = (expression);                                                        \
  if (!WICK_TRY_NAME_(__LINE__)) return ::wick::api::lambda::refuse(WICK_TRY_NAME_(__LINE__).error()); \
  binding = std::move(*WICK_TRY_NAME_(__LINE__))
#define API_CHECK(expression) \
  if (auto WICK_TRY_NAME_(__LINE__) = (expression); !WICK_TRY_NAME_(__LINE__)) return ::wick::api::lambda::refuse(WICK_TRY_NAME_(__LINE__).error())
