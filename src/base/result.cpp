#include "base/result.h"

#include <cerrno>
#include <system_error>

namespace wick {

std::string_view name(Errc code) {
  switch (code) {
    case Errc::invalid_argument:
      return "invalid_argument";
    case Errc::not_found:
      return "not_found";
    case Errc::already_exists:
      return "already_exists";
    case Errc::failed_precondition:
      return "failed_precondition";
    case Errc::too_large:
      return "too_large";
    case Errc::throttled:
      return "throttled";
    case Errc::unauthenticated:
      return "unauthenticated";
    case Errc::denied:
      return "denied";
    case Errc::deadline_exceeded:
      return "deadline_exceeded";
    case Errc::unavailable:
      return "unavailable";
    case Errc::io:
      return "io";
    case Errc::internal:
      return "internal";
  }
  return "internal";
}

std::unexpected<Error> fail_errno(std::string_view operation, std::string_view subject) {
  const int saved = errno;
  std::string message(operation);
  if (!subject.empty()) message.append(" ").append(subject);
  message.append(": ").append(std::generic_category().message(saved));
  return fail(Errc::io, std::move(message));
}

}  // namespace wick
