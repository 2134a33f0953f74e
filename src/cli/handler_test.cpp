#include "cli/handler.h"

#include <gtest/gtest.h>

namespace wick::cli {
namespace {

TEST(HandlerSearch, FindsWhatAFileExports) {
  EXPECT_EQ(exported_handler(Kind::python, "def helper(): pass\ndef handler(event, context): pass\n"), "handler");
  EXPECT_EQ(exported_handler(Kind::python, "def lambda_handler(e, c): pass\n"), "lambda_handler");
  EXPECT_EQ(exported_handler(Kind::python, "class A:\n  def handler(self): pass\ndef greet(e, c): pass\n"), "greet");
  EXPECT_EQ(exported_handler(Kind::node, "export const handler = async () => 1"), "handler");
  EXPECT_EQ(exported_handler(Kind::node, "export async function greet(event) {}"), "greet");
  EXPECT_EQ(exported_handler(Kind::node, "exports.main = () => 1; exports.other = 2;"), "main");
  EXPECT_EQ(exported_handler(Kind::node, "module.exports.run = () => 1"), "run");
  EXPECT_EQ(exported_handler(Kind::node, "export default async () => 1"), "default");
}

TEST(HandlerSearch, FindsTheFile) {
  const auto name_of = [](const Files& files) {
    const auto found = find_handler(files);
    return found ? found->name : "none";
  };
  EXPECT_EQ(name_of({{"bootstrap", ""}, {"index.js", ""}}), "bootstrap");
  EXPECT_EQ(name_of({{"package.json", R"({"main": "./src/app.js"})"}, {"src/app.js", "exports.run = 1"}}), "src/app.run");
  EXPECT_EQ(name_of({{"package.json", R"({"main": "lib"})"}, {"lib/index.js", ""}}), "lib/index.handler");
  EXPECT_EQ(name_of({{"package.json", R"({"main": "missing.js"})"}, {"index.mjs", ""}, {"other.mjs", ""}}), "index.handler");
  EXPECT_EQ(name_of({{"package.json", "{broken"}, {"only.py", "def f(a, b): pass"}}), "only.f");
  EXPECT_EQ(name_of({{"a.py", ""}, {"b.py", ""}}), "none");
  EXPECT_EQ(name_of({{"below/index.mjs", ""}}), "none");
}

TEST(HandlerSearch, KnowsWhetherAHandlerIsThere) {
  const Files files{{"a.py", "def one(e, c): pass"}, {"src/b.mjs", "export const two = 1"}, {"bootstrap", ""}};
  EXPECT_TRUE(has_handler(files, "a.one"));
  EXPECT_TRUE(has_handler(files, "src/b.two"));
  EXPECT_TRUE(has_handler(files, "bootstrap"));
  EXPECT_FALSE(has_handler(files, "a.two"));
  EXPECT_FALSE(has_handler(files, "c.one"));
  EXPECT_FALSE(has_handler(files, "anything"));
  EXPECT_EQ(kind_of_handler(files, "a.two"), Kind::python);
  EXPECT_EQ(kind_of_handler(files, "bootstrap"), Kind::executable);
  EXPECT_EQ(kind_of_handler(files, "c.one"), std::nullopt);
}

}  // namespace
}  // namespace wick::cli
