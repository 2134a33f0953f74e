#pragma once
// Text as AWS counts and repairs it: Java strings, so lengths are UTF-16 code units and bytes that are no UTF-8 become U+FFFD.
#include <cstddef>
#include <string>
#include <string_view>

namespace wick::http::aws {

std::size_t utf16_length(std::string_view utf8);  // of valid UTF-8; never more than the bytes
std::string valid_utf8(std::string text);         // the same text, each byte that belongs to no character replaced

}  // namespace wick::http::aws
