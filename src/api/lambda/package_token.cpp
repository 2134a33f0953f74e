#include "api/lambda/package_token.h"

#include <charconv>

#include <fmt/core.h>

#include "base/digest.h"

namespace wick::api::lambda {

std::string make_package_token(std::string_view secret, std::string_view sha256_hex, std::int64_t expires_unix_s) {
  const auto mac = hmac_sha256(secret, fmt::format("package {} {}", sha256_hex, expires_unix_s));
  return fmt::format("{}-{}", expires_unix_s, to_hex(bytes_of(mac)));
}

bool check_package_token(std::string_view secret, std::string_view sha256_hex, std::string_view token, std::int64_t now_unix_s) {
  std::int64_t expires = 0;
  const auto [end, ec] = std::from_chars(token.data(), token.data() + token.size(), expires);
  if (ec != std::errc() || end == token.data() + token.size() || *end != '-' || expires < now_unix_s) return false;
  return equal_constant_time(token, make_package_token(secret, sha256_hex, expires));
}

}  // namespace wick::api::lambda
