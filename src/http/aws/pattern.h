#pragma once
// A regular expression of a service table. AWS writes them for Java; matching is RE2's, linear in the text, whole text only.
//
// What differs between the two is translated ('.' and \s) or refused (lookaround, back references, class unions): a table gives
// such a pattern a second form, "match", of the same language. Immutable; any thread.
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace wick::http::aws {

class Pattern {
 public:
  static Result<Pattern> compile(std::string_view java);
  ~Pattern();
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;

  bool matches(std::string_view text) const;

 private:
  explicit Pattern(std::unique_ptr<re2::RE2> expression);
  std::unique_ptr<re2::RE2> expression_;
};

}  // namespace wick::http::aws
