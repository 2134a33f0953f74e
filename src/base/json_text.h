#pragma once
// JSON written straight to text, for the warm way, where making values first would cost more than the rest of the request.
#include <string>
#include <string_view>

namespace wick {

// Appends a string's JSON form, with its quotes. text is UTF-8; what is no ASCII stays as it is.
void append_json(std::string& out, std::string_view text);

}  // namespace wick
