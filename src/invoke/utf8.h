#pragma once
// Log events are text, whatever a function prints.
#include <string>
#include <string_view>

namespace wick::invoke {

// Bytes that are not well-formed UTF-8 (RFC 3629) become U+FFFD, one for each.
std::string to_valid_utf8(std::string text);

}  // namespace wick::invoke
