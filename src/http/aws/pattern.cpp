#include "http/aws/pattern.h"

#include <re2/re2.h>

namespace wick::http::aws {
namespace {

constexpr std::string_view any_but_line_end = R"([^\n\r\x{85}\x{2028}\x{2029}])";  // Java's '.'
constexpr std::string_view spaces = R"(\t\n\x0B\f\r )";                            // Java's \s; RE2's lacks \x0B

Result<std::string> translate(std::string_view java) {
  std::string out;
  bool in_class = false;
  for (std::size_t i = 0; i < java.size(); ++i) {
    const char c = java[i];
    if (c == '\\' && i + 1 < java.size()) {
      const char escaped = java[++i];
      if (escaped == 's') {
        out += in_class ? std::string(spaces) : "[" + std::string(spaces) + "]";
      } else {
        out += c;
        out += escaped;
      }
    } else if (c == '.' && !in_class) {
      out += any_but_line_end;
    } else if (in_class && (c == '[' || java.substr(i, 2) == "&&")) {
      return fail(Errc::invalid_argument, "a class within a class is not supported");
    } else {
      if (c == '[') in_class = true;
      if (c == ']') in_class = false;
      out += c;
    }
  }
  return out;
}

}  // namespace

Pattern::Pattern(std::unique_ptr<re2::RE2> expression) : expression_(std::move(expression)) {}
Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;

Result<Pattern> Pattern::compile(std::string_view java) {
  WICK_TRY(const std::string translated, translate(java));
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  auto expression = std::make_unique<re2::RE2>(translated, options);
  if (!expression->ok()) return fail(Errc::invalid_argument, expression->error());
  return Pattern(std::move(expression));
}

bool Pattern::matches(std::string_view text) const { return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *expression_); }

}  // namespace wick::http::aws
