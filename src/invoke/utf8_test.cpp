#include "invoke/utf8.h"

#include <gtest/gtest.h>

namespace wick::invoke {
namespace {

TEST(Utf8, WellFormedStays) {
  for (const char* text : {"", "plain", "h\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xef\xbf\xbd", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(to_valid_utf8(text), text);
  }
}

TEST(Utf8, EachBadByteIsReplaced) {
  const std::string r = "\xef\xbf\xbd";
  EXPECT_EQ(to_valid_utf8("a\xff"
                          "b"),
            "a" + r + "b");
  EXPECT_EQ(to_valid_utf8("\xc3"), r);  // cut short
  EXPECT_EQ(to_valid_utf8("\xe2\x82"), r + r);
  EXPECT_EQ(to_valid_utf8("\xc0\x80"), r + r);  // overlong
  EXPECT_EQ(to_valid_utf8("\xe0\x80\x80"), r + r + r);
  EXPECT_EQ(to_valid_utf8("\xed\xa0\x80"), r + r + r);  // surrogate
  EXPECT_EQ(to_valid_utf8("\xf4\x90\x80\x80"), r + r + r + r);
  EXPECT_EQ(to_valid_utf8("\x80\xc3\xa9"), r + "\xc3\xa9");
}

}  // namespace
}  // namespace wick::invoke
