#include "kv/key.h"

namespace wick::kv {
namespace {

constexpr char kEscape = '\x00';
constexpr char kEscapedZero = '\xff';
constexpr char kEnd = '\x01';  // sorts before an escaped zero, so that "a" < "a\0"

}  // namespace

void append_part(std::string& key, std::string_view text) {
  for (const char c : text) {
    key.push_back(c);
    if (c == kEscape) key.push_back(kEscapedZero);
  }
  key.push_back(kEscape);
  key.push_back(kEnd);
}

void append_number(std::string& key, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>((number >> shift) & 0xff));
}

Result<std::string> KeyReader::text() {
  std::string out;
  for (std::size_t i = 0; i + 1 < rest_.size(); ++i) {
    if (rest_[i] != kEscape) {
      out.push_back(rest_[i]);
      continue;
    }
    ++i;
    if (rest_[i] == kEnd) {
      rest_.remove_prefix(i + 1);
      return out;
    }
    if (rest_[i] != kEscapedZero) break;
    out.push_back(kEscape);
  }
  return fail(Errc::internal, "malformed text in a stored key");
}

Result<std::uint64_t> KeyReader::number() {
  if (rest_.size() < 8) return fail(Errc::internal, "malformed number in a stored key");
  std::uint64_t number = 0;
  for (int i = 0; i < 8; ++i) number = number << 8 | static_cast<unsigned char>(rest_[static_cast<std::size_t>(i)]);
  rest_.remove_prefix(8);
  return number;
}

}  // namespace wick::kv
