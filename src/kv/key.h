#pragma once
// Composing ordered keys from parts, so that keys sort part by part and a shorter tuple is a prefix of the longer ones:
//
//   kv::make_key("function", name, 7U) < kv::make_key("function", name, 12U)
//   kv::prefix_range(kv::make_key("function", name))   all keys below that name, and none of a name that begins with it
//
// Text is its bytes with 00 written as 00 ff, closed by 00 01; a number is 8 bytes, big-endian. What the parts of a key are is
// known to whoever made it, so they carry no type: read them back in the same order. Pure; the format is persistent.
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace wick::kv {

void append_part(std::string& key, std::string_view text);
void append_part(std::string& key, std::unsigned_integral auto number);  // signed ones would not sort
void append_number(std::string& key, std::uint64_t number);

template <class... Parts>
std::string make_key(const Parts&... parts) {
  std::string key;
  (append_part(key, parts), ...);
  return key;
}

// Reads the parts of a key from its first one on. Errors: internal (the key was not made so). Keeps no copy of the key.
class KeyReader {
 public:
  explicit KeyReader(std::string_view key) : rest_(key) {}
  Result<std::string> text();
  Result<std::uint64_t> number();
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

void append_part(std::string& key, std::unsigned_integral auto number) { append_number(key, number); }

}  // namespace wick::kv
