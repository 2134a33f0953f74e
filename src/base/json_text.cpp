#include "base/json_text.h"

#include <algorithm>

namespace wick {
namespace {

bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

void append_escaped(std::string& out, char c) {
  constexpr std::string_view named = "\"\"\\\\\bb\ff\nn\rr\tt";  // each with the letter that stands for it
  constexpr std::string_view digits = "0123456789abcdef";
  out.push_back('\\');
  for (std::size_t i = 0; i < named.size(); i += 2) {
    if (named[i] == c) return out.push_back(named[i + 1]);
  }
  out.append("u00").push_back(digits[static_cast<unsigned char>(c) >> 4]);
  out.push_back(digits[static_cast<unsigned char>(c) & 15]);
}

}  // namespace

void append_json(std::string& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    const auto plain = static_cast<std::size_t>(std::ranges::find_if_not(text, is_plain) - text.begin());
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    append_escaped(out, text.front());
    text.remove_prefix(1);
  }
  out.push_back('"');
}

}  // namespace wick
