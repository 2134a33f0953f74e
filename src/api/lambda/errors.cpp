#include "api/lambda/errors.h"

#include <array>
#include <utility>

#include <fmt/core.h>

namespace wick::api::lambda {
namespace {

using http::aws::api_error;

// AWS leaves "Type" out of these.
bool is_untyped(std::string_view message) {
  constexpr std::array<std::string_view, 4> beginnings = {
      "Specified ReservedConcurrentExecutions for function ",
      "Specified ConcurrentExecutions for function ",
      " ReservedConcurrentExecutions ",
      "$LATEST is not supported for an alias",
  };
  for (const auto beginning : beginnings) {
    if (message.starts_with(beginning)) return true;
  }
  return false;
}

}  // namespace

ApiError to_api(const Error& error) {
  boost::json::object extra;
  if (is_untyped(error.message)) extra["Type"] = nullptr;
  const auto made = [&](unsigned status, std::string code) { return ApiError{status, std::move(code), error.message, std::move(extra)}; };
  switch (error.code) {
    case Errc::not_found:
      return made(404, "ResourceNotFoundException");
    case Errc::already_exists:
      return made(409, "ResourceConflictException");
    case Errc::failed_precondition:
      return made(412, "PreconditionFailedException");
    case Errc::invalid_argument:
    case Errc::too_large:
      return made(400, "InvalidParameterValueException");
    case Errc::throttled:
      return throttled(error.message).error();
    case Errc::unavailable:
    case Errc::deadline_exceeded:
      return made(503, "ServiceException");
    default:
      return made(500, "ServiceException");
  }
}

std::unexpected<ApiError> invalid_parameter(std::string message) { return api_error(400, "InvalidParameterValueException", std::move(message)); }

std::unexpected<ApiError> invalid_content(std::string_view why) {
  return api_error(400, "InvalidRequestContentException", fmt::format("Could not parse request body into json: {}", why));
}

std::unexpected<ApiError> entity_too_large(std::string message) { return api_error(413, "RequestEntityTooLargeException", std::move(message)); }

std::unexpected<ApiError> not_found(std::string message) { return api_error(404, "ResourceNotFoundException", std::move(message)); }

std::unexpected<ApiError> throttled(std::string reason) {
  return api_error(429, "TooManyRequestsException", "Rate Exceeded.", {{"Reason", std::move(reason)}});
}

std::unexpected<ApiError> access_denied() { return api_error(403, "AccessDeniedException", {}); }

std::unexpected<ApiError> unknown_operation(std::string_view method, std::string_view path) {
  return api_error(404, "UnknownOperationException", fmt::format("Wick's Lambda API has no operation {} {}", method, path));
}

}  // namespace wick::api::lambda
