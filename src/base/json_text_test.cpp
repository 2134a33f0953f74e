#include "base/json_text.h"

#include <gtest/gtest.h>

namespace wick {
namespace {

std::string json(std::string_view text) {
  std::string out = "x";
  append_json(out, text);
  return out;
}

TEST(JsonText, EscapesWhatJsonAsksFor) {
  EXPECT_EQ(json(""), R"(x"")");
  EXPECT_EQ(json("plain ü"), R"(x"plain ü")");
  EXPECT_EQ(json("\"a\\b\""), R"(x"\"a\\b\"")");
  EXPECT_EQ(json("\b\f\n\r\t"), R"(x"\b\f\n\r\t")");
  EXPECT_EQ(json(std::string_view("\0\x1f\x7f", 3)), "x\"\\u0000\\u001f\x7f\"");
}

}  // namespace
}  // namespace wick
