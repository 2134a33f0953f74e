#include "api/lambda/payload_json.h"

#include <algorithm>

#include <fmt/core.h>
#include <boost/json/basic_parser_impl.hpp>

namespace wick::api::lambda {
namespace {

namespace json = boost::json;

// A handler of basic_parser that keeps nothing.
struct Nothing {
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  using Code = boost::system::error_code;
  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) { return true; }
  bool on_object_end(std::size_t, Code&) { return true; }
  bool on_array_begin(Code&) { return true; }
  bool on_array_end(std::size_t, Code&) { return true; }
  bool on_key_part(json::string_view, std::size_t, Code&) { return true; }
  bool on_key(json::string_view, std::size_t, Code&) { return true; }
  bool on_string_part(json::string_view, std::size_t, Code&) { return true; }
  bool on_string(json::string_view, std::size_t, Code&) { return true; }
  bool on_number_part(json::string_view, Code&) { return true; }
  bool on_int64(std::int64_t, json::string_view, Code&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, Code&) { return true; }
  bool on_double(double, json::string_view, Code&) { return true; }
  bool on_bool(bool, Code&) { return true; }
  bool on_null(Code&) { return true; }
  bool on_comment_part(json::string_view, Code&) { return true; }
  bool on_comment(json::string_view, Code&) { return true; }
};

constexpr std::size_t kDepthMax = 1000;  // Jackson's
constexpr std::size_t kWordMax = 256;    // of a wrong word that is shown: Jackson's
constexpr std::string_view kBlank = " \t\r\n";
constexpr std::string_view kValues = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

// at: the offset of what is named, from 0.
std::string worded(std::string_view payload, std::string_view what, std::size_t at, std::size_t columns_on) {
  const auto before = payload.substr(0, at);
  const auto line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return fmt::format(
      "Could not parse payload into json: {}\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); "
      "line: {}, column: {}]",
      what, std::ranges::count(before, '\n') + 1, at - line_start + columns_on);
}

std::string character(unsigned char c) {
  if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return fmt::format("(CTRL-CHAR, code {})", c);
  if (c < 0x7f) return fmt::format("'{}' (code {})", static_cast<char>(c), c);
  return fmt::format("'{}{}' (code {})", static_cast<char>(0xc0U | c >> 6U), static_cast<char>(0x80U | (c & 0x3fU)), c);
}

bool begins_word(unsigned char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$'; }
bool in_word(unsigned char c) { return begins_word(c) || (c >= '0' && c <= '9'); }

// A word that is none of JSON's, from at on.
std::string bad_word(std::string_view payload, std::size_t at) {
  auto end = at;
  while (end < payload.size() && end - at < kWordMax && in_word(static_cast<unsigned char>(payload[end]))) ++end;
  const bool is_cut = end - at == kWordMax;
  if (!is_cut && end < payload.size() && static_cast<unsigned char>(payload[end]) >= 0x80) {
    const auto byte = static_cast<unsigned char>(payload[end]);
    return worded(payload, fmt::format("Invalid UTF-8 start byte 0x{:02x}", byte), end, 2);
  }
  const auto what = fmt::format("Unrecognized token '{}{}': was expecting {}", payload.substr(at, end - at), is_cut ? "..." : "", kValues);
  return worded(payload, what, end, 1);
}

std::string bad_value(std::string_view payload, std::size_t at) {
  const auto c = static_cast<unsigned char>(payload[at]);
  if (begins_word(c)) return bad_word(payload, at);
  return worded(payload, fmt::format("Unexpected character ({}): expected a valid value {}", character(c), kValues), at, 1);
}

std::string explain(std::string_view payload, std::size_t at) {
  const auto first = payload.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return worded(payload, "No content to map due to end-of-input", 0, 1);
  if (at >= payload.size()) return worded(payload, "Unexpected end-of-input", payload.size(), 1);
  // The parser may stop inside a word: its beginning is what is wrong.
  auto start = at;
  while (start > first && in_word(static_cast<unsigned char>(payload[start - 1]))) --start;
  if (start == first || begins_word(static_cast<unsigned char>(payload[start]))) return bad_value(payload, start);
  const auto c = static_cast<unsigned char>(payload[at]);
  if (c >= 0x80) return worded(payload, fmt::format("Invalid UTF-8 start byte 0x{:02x}", c), at, 2);
  return worded(payload, fmt::format("Unexpected character ({})", character(c)), at, 1);
}

}  // namespace

std::optional<std::string> why_not_json(std::string_view payload) {
  json::parse_options options;
  options.max_depth = kDepthMax;
  json::basic_parser<Nothing> parser(options);
  boost::system::error_code ec;
  const auto read = parser.write_some(false, payload.data(), payload.size(), ec);
  if (!ec && read == payload.size()) return std::nullopt;
  return explain(payload, ec == json::error::incomplete ? payload.size() : read);
}

}  // namespace wick::api::lambda
