#include "kv/key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "kv/store.h"

namespace wick::kv {
namespace {

using namespace std::string_literals;

TEST(Key, SortsPartByPart) {
  const std::vector<std::string> texts = {""s,    "\0"s,   "\0\0"s,  "\0\x01"s, "\0\xff"s, "\x01"s, "a"s,
                                          "a\0"s, "a\0b"s, "a\x01"s, "aa"s,     "b"s,      "\xff"s, "\xff\xff"s};
  const std::vector<std::uint64_t> numbers = {0, 1, 255, 256, 1ULL << 32, ~0ULL};
  std::vector<std::tuple<std::string, std::uint64_t, std::string>> tuples;
  for (const auto& a : texts) {
    for (const auto n : numbers) {
      for (const auto& b : texts) tuples.emplace_back(a, n, b);
    }
  }
  std::sort(tuples.begin(), tuples.end());
  std::vector<std::string> keys;
  for (const auto& [a, n, b] : tuples) keys.push_back(make_key(a, n, b));
  EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
  EXPECT_EQ(std::adjacent_find(keys.begin(), keys.end()), keys.end());
}

TEST(Key, ReadsBackWhatWasWritten) {
  const std::string text = "with \0 and \xff\x01"s;
  const std::string key = make_key("", text, 42U, std::uint64_t{1} << 63);
  KeyReader reader(key);
  EXPECT_EQ(reader.text().value(), "");
  EXPECT_EQ(reader.text().value(), text);
  EXPECT_EQ(reader.number().value(), 42U);
  EXPECT_FALSE(reader.done());
  EXPECT_EQ(reader.number().value(), std::uint64_t{1} << 63);
  EXPECT_TRUE(reader.done());
}

TEST(Key, ShorterTupleIsThePrefixOfLongerOnesOnly) {
  const KeyRange range = prefix_range(make_key("name"));
  const auto within = [&](const std::string& key) { return range.begin <= key && key < range.end; };
  EXPECT_TRUE(within(make_key("name", "")));
  EXPECT_TRUE(within(make_key("name", "\xff\xff")));
  EXPECT_TRUE(within(make_key("name", ~0ULL)));
  EXPECT_FALSE(within(make_key("names", "x")));
  EXPECT_FALSE(within(make_key("name\0"s, "x")));
  EXPECT_FALSE(within(make_key("nam", "x")));
}

TEST(Key, MalformedKeysAreErrors) {
  for (const std::string& key : {""s, "a"s, "a\0"s, "a\0\x02"s, "a\0\xff"s}) EXPECT_FALSE(KeyReader(key).text()) << key.size();
  EXPECT_FALSE(KeyReader("1234567").number());
}

// The bytes are on disk: changing them needs a migration.
TEST(Key, FormatIsFixed) { EXPECT_EQ(make_key("a\0"s, 258U), "a\0\xff\0\x01\0\0\0\0\0\0\x01\x02"s); }

}  // namespace
}  // namespace wick::kv
