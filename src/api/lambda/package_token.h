#pragma once
// The token that makes a link to a deployment package work unsigned and for a while only: GetFunction's Code.Location.
#include <cstdint>
#include <string>
#include <string_view>

namespace wick::api::lambda {

// EXPIRES-MAC: Unix seconds and the hexadecimal HMAC-SHA256, keyed with secret, of the content's hash and that time.
std::string make_package_token(std::string_view secret, std::string_view sha256_hex, std::int64_t expires_unix_s);
// Whether the token was made with this secret for this content and has not expired at now_unix_s.
bool check_package_token(std::string_view secret, std::string_view sha256_hex, std::string_view token, std::int64_t now_unix_s);

}  // namespace wick::api::lambda
