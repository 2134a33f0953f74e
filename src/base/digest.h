#pragma once
// Digests and text encodings of bytes (OpenSSL underneath). Pure functions.
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace wick {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::string_view bytes);
Sha256 hmac_sha256(std::string_view key, std::string_view bytes);

// SHA-256 of bytes that come in pieces.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  void update(std::string_view bytes);
  Sha256 finish();  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string_view bytes_of(const Sha256& digest);
std::string to_hex(std::string_view bytes);  // lower case
std::string to_base64(std::string_view bytes);
Result<std::string> from_base64(std::string_view text);  // strict: padding required, nothing after it
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace wick
