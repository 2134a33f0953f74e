#include "gateway/caller.h"

#include <fmt/format.h>

namespace wick::gateway {

std::optional<Refusal> verify_caller(const Credentials& credentials, const http::Request& request, std::string_view service, WallTime now) {
  if (!credentials.operator_key) return std::nullopt;
  const http::Credential& expected = request.instance.empty() ? *credentials.operator_key : credentials.function_key;
  const auto secret_of = [&expected](std::string_view access_key_id) -> std::optional<std::string> {
    if (access_key_id != expected.access_key_id) return std::nullopt;
    return expected.secret_access_key;
  };
  const auto scope = http::verify_sigv4(request, secret_of, now);
  if (!scope) return Refusal{403, std::string(http::sigv4_error_name(scope.error().kind)), scope.error().message};
  if (scope->service != service) {
    return Refusal{403, "InvalidSignatureException", fmt::format("Credential should be scoped to correct service: '{}'. ", service)};
  }
  return std::nullopt;
}

}  // namespace wick::gateway
