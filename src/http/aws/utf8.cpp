#include "http/aws/utf8.h"

#include <algorithm>

namespace wick::http::aws {
namespace {

unsigned char at(std::string_view text, std::size_t i) { return static_cast<unsigned char>(text[i]); }

// Bytes of the character that starts at i, or 0 if none does: RFC 3629, so no overlong forms, surrogates or code points over 10FFFF.
std::size_t character(std::string_view text, std::size_t i) {
  const unsigned char lead = at(text, i);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xC2 && lead < 0xE0 ? 2 : lead >= 0xE0 && lead < 0xF0 ? 3 : lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
  if (length == 0 || i + length > text.size()) return 0;
  for (std::size_t k = 1; k < length; ++k) {
    if ((at(text, i + k) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = at(text, i + 1);
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second >= 0xA0)) return 0;
  if ((lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second >= 0x90)) return 0;
  return length;
}

}  // namespace

std::size_t utf16_length(std::string_view utf8) {
  std::size_t units = 0;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) != 0x80) units += byte >= 0xF0 ? 2 : 1;
  }
  return units;
}

std::string valid_utf8(std::string text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t length = character(text, i);
    if (length == 0) break;
    i += length;
  }
  if (i == text.size()) return text;
  std::string repaired = text.substr(0, i);
  while (i < text.size()) {
    const std::size_t length = character(text, i);
    repaired.append(length == 0 ? std::string_view("\xEF\xBF\xBD") : std::string_view(text).substr(i, length));
    i += std::max<std::size_t>(length, 1);
  }
  return repaired;
}

}  // namespace wick::http::aws
