#include "http/aws/pattern.h"

#include <gtest/gtest.h>

namespace wick::http::aws {
namespace {

bool matches(std::string_view pattern, std::string_view text) {
  const auto compiled = Pattern::compile(pattern);
  EXPECT_TRUE(compiled) << pattern;
  return compiled && compiled->matches(text);
}

TEST(Pattern, MatchesTheWholeTextAsJavaDoes) {
  EXPECT_TRUE(matches("[a-zA-Z0-9-_]+", "a-_9"));  // a hyphen after a range is itself
  EXPECT_FALSE(matches("[a-zA-Z0-9-_]+", "a b"));
  EXPECT_FALSE(matches("[a-z]+", "abc\n"));
  EXPECT_TRUE(matches("$|a.*", ""));
  EXPECT_FALSE(matches(".*", "a\rb"));  // '.' stops at every line end, not only at \n
  EXPECT_FALSE(matches(".*",
                       "a\xE2\x80\xA8"
                       "b"));
  EXPECT_TRUE(matches("[.]+", ".."));
  EXPECT_TRUE(matches("\\.", "."));
  EXPECT_FALSE(matches("[^\\s]+",
                       "a\x0B"
                       "b"));
  EXPECT_TRUE(matches("([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)", "Größe 1"));
}

TEST(Pattern, RefusesWhatRe2CannotExpress) {
  for (const std::string_view pattern : {"(?!^[0-9]+$)a", "[a-z]*(?<!b)", "(a)\\1", "[a[b]]", "[a-z&&b]", "("}) {
    EXPECT_FALSE(Pattern::compile(pattern)) << pattern;
  }
}

}  // namespace
}  // namespace wick::http::aws
