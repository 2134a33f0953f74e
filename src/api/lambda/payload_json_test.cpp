#include "api/lambda/payload_json.h"

#include <gtest/gtest.h>

namespace wick::api::lambda {
namespace {

constexpr const char* kSource = "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); ";

std::string worded(const std::string& what, const std::string& place) { return "Could not parse payload into json: " + what + kSource + place + "]"; }

TEST(PayloadJson, EveryKindOfValueIsFine) {
  for (const auto* good : {"{}", "[]", "null", "true", "1", "-1.5e3", "\"x\"", " {\"a\": [1, {\"b\": null}]} \n", "\"\xc3\xa9\""}) {
    EXPECT_EQ(why_not_json(good), std::nullopt) << good;
  }
  EXPECT_EQ(why_not_json(std::string(900, '[') + std::string(900, ']')), std::nullopt);
}

// As AWS answered.
TEST(PayloadJson, BadBytesAreNamedAsAwsNamesThem) {
  EXPECT_EQ(why_not_json("n\x87r\x9e\xe9\xb5\xd7I\xee\x9bmt"), worded("Invalid UTF-8 start byte 0x87", "line: 1, column: 3"));
  EXPECT_EQ(why_not_json("\x99\xeb,j\x07\xa1zYh"),
            worded("Unexpected character ((CTRL-CHAR, code 153)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' "
                   "or 'false')",
                   "line: 1, column: 1"));
}

TEST(PayloadJson, BadWordsAreNamed) {
  EXPECT_EQ(why_not_json("hello"), worded("Unrecognized token 'hello': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or "
                                          "'false')",
                                          "line: 1, column: 6"));
  EXPECT_EQ(why_not_json(std::string(1000, 'x')), worded("Unrecognized token '" + std::string(256, 'x') +
                                                             "...': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or "
                                                             "'false')",
                                                         "line: 1, column: 257"));
  EXPECT_EQ(why_not_json("nul"), worded("Unexpected end-of-input", "line: 1, column: 4"));
}

TEST(PayloadJson, TheRestIsRefusedToo) {
  for (const std::string bad : {"", " ", "{", "{\"a\"", "[1,]", "{} {}", "{'a':1}", "\"\x80\"", "\"a", "01", "1 2"}) {
    EXPECT_NE(why_not_json(bad), std::nullopt) << bad;
  }
  EXPECT_NE(why_not_json(std::string(100'000, '[')), std::nullopt);
}

}  // namespace
}  // namespace wick::api::lambda
