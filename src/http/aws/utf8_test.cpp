#include "http/aws/utf8.h"

#include <gtest/gtest.h>

namespace wick::http::aws {
namespace {

TEST(Utf8, CountsUtf16Units) {
  EXPECT_EQ(utf16_length(""), 0u);
  EXPECT_EQ(utf16_length("aé€"), 3u);
  EXPECT_EQ(utf16_length("\U0001F600"), 2u);
}

TEST(Utf8, RepairsOnlyWhatIsWrong) {
  EXPECT_EQ(valid_utf8("aé€\U0001F600"), "aé€\U0001F600");
  EXPECT_EQ(valid_utf8("a\xFF"
                       "b\xE2\x82"),
            "a\uFFFDb\uFFFD\uFFFD");
  EXPECT_EQ(valid_utf8("\xC0\x80"), "\uFFFD\uFFFD");            // overlong
  EXPECT_EQ(valid_utf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(valid_utf8("\xF4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");
}

}  // namespace
}  // namespace wick::http::aws
