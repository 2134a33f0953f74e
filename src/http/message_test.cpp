#include "http/message.h"

#include <gmock/gmock.h>

namespace wick::http {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(Fields, NamesCompareWithoutCase) {
  Fields fields;
  fields.add("Content-Type", "text/plain");
  fields.add("content-type", "text/html");
  EXPECT_EQ(fields.get("CONTENT-TYPE"), "text/plain");
  EXPECT_EQ(fields.find("Content-Typ"), nullptr);
  EXPECT_EQ(fields.get("Host"), "");
  fields.set("CONTENT-type", "a/b");
  EXPECT_THAT(fields.all(), ElementsAre(Pair("CONTENT-type", "a/b")));
}

TEST(Query, KeepsOrderAndDecodes) {
  EXPECT_THAT(parse_query("a=1&b"), ElementsAre(Pair("a", "1"), Pair("b", "")));
  EXPECT_THAT(parse_query("b=x+y&a=%C3%A9%26&b==&&=v&"), ElementsAre(Pair("b", "x y"), Pair("a", "\xc3\xa9&"), Pair("b", "="), Pair("", "v")));
  EXPECT_THAT(parse_query(""), IsEmpty());
  EXPECT_THAT(parse_query("&"), IsEmpty());
}

TEST(Query, MalformedEscapesStay) { EXPECT_THAT(parse_query("a=%&b=%4&c=%zz%41"), ElementsAre(Pair("a", "%"), Pair("b", "%4"), Pair("c", "%zzA"))); }

TEST(Percent, RoundTripsEveryByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  EXPECT_EQ(percent_decode(percent_encode(bytes, Slash::encode)), bytes);
  EXPECT_EQ(percent_encode("a/b c~:é", Slash::keep), "a/b%20c~%3A%C3%A9");
  EXPECT_EQ(percent_encode("a/b", Slash::encode), "a%2Fb");
  EXPECT_EQ(percent_decode("a+b%2B"), "a+b+");
}

}  // namespace
}  // namespace wick::http
