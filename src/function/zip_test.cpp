#include "function/zip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "function/test_zip.h"

namespace wick::function {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Error refused(const std::string& zip) {
  auto summary = inspect_zip(zip);
  EXPECT_FALSE(summary);
  return summary ? Error() : summary.error();
}

TEST(InspectZip, SaysWhatIsInside) {
  const auto summary = inspect_zip(make_zip({{"index.mjs", "export const x = 1"},
                                             {"lib/", "", AE_IFDIR | 0755},
                                             {"lib/é.py", std::string(100'000, 'x')},
                                             test_link("node_modules/.bin/tool", "../tool/cli.js")}));
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_THAT(summary->names, ElementsAre("index.mjs", "lib/é.py"));
  EXPECT_EQ(summary->unzipped_bytes, 100'018U);
}

TEST(InspectZip, NamesAreMadeNormal) {
  EXPECT_THAT(inspect_zip(make_zip({{"./", "", AE_IFDIR | 0755}, {"./a//b/./c", "x"}})).value().names, ElementsAre("a/b/c"));
}

TEST(InspectZip, WhatIsNoZipGetsAwsWords) {
  const std::string zip = make_zip({{"a", std::string(5000, 'a') + "b"}});
  std::string wrong_sum = zip;
  const std::size_t compressed = 30 + 1 + static_cast<std::size_t>(zip[28]);  // after the local header, the name and extra fields
  wrong_sum[compressed + 2] = static_cast<char>(wrong_sum[compressed + 2] ^ 1);
  for (const auto& bad : {std::string(), std::string("hello"), std::string(1000, '\0'), zip.substr(0, zip.size() / 2), wrong_sum}) {
    const auto error = refused(bad);
    EXPECT_EQ(error.code, Errc::invalid_argument);
    EXPECT_EQ(error.message, "Could not unzip uploaded file. Please check your file, then try to upload again.") << bad.size();
  }
  EXPECT_EQ(refused(make_zip({})).message, "Uploaded file must be a non-empty zip");
}

TEST(InspectZip, RefusesWhatLeavesThePackage) {
  for (const char* name : {"../a", "a/../../b", "a/..", "/etc/passwd", "..", "/"}) {
    EXPECT_THAT(refused(make_zip({{name, "x"}})).message, HasSubstr("leads out of the package")) << name;
  }
  for (const char* target : {"/etc/passwd", "..", "../../x", "b/../../x", "./../../x", "b/../c"}) {
    EXPECT_THAT(refused(make_zip({{"f", "x"}, test_link("link", target)})).message, HasSubstr("is a link that leads out")) << target;
  }
  EXPECT_FALSE(inspect_zip(make_zip({{"f", "x"}, test_link("a/b/link", "../../../f")})));
}

TEST(InspectZip, AllowsLinksThatStay) {
  for (const char* target : {"f", "./f", "../f", "../../f", "../../", "x/", "not/there"}) {
    EXPECT_TRUE(inspect_zip(make_zip({{"f", "x"}, test_link("a/b/link", target)}))) << target;
  }
}

// Two links that are harmless each by the look of their names must not lead out together.
TEST(InspectZip, RefusesLinksThatClimbThroughLinks) {
  EXPECT_FALSE(inspect_zip(make_zip({{"f", "x"}, test_link("a/b/top", "../.."), test_link("a/b/out", "top/../f")})));
}

TEST(InspectZip, RefusesWritingThroughALink) {
  EXPECT_THAT(refused(make_zip({{"dir/f", "x"}, test_link("link", "dir"), {"link/g", "x"}})).message, HasSubstr("both a folder and a file"));
  EXPECT_THAT(refused(make_zip({{"link/g", "x"}, test_link("link", "dir")})).message, HasSubstr("both a folder and a file"));
}

TEST(InspectZip, RefusesDevicesAndSockets) {
  for (const unsigned type : {AE_IFCHR, AE_IFBLK, AE_IFSOCK}) {
    std::string zip = make_zip({{"dev", ""}});
    zip[zip.rfind("PK\x01\x02") + 41] = static_cast<char>(type >> 8);  // the mode, in the external attributes
    EXPECT_THAT(refused(zip).message, HasSubstr("neither a file nor a folder")) << type;
  }
}

TEST(InspectZip, RefusesEncryptionAndOtherCompression) {
  EXPECT_THAT(refused(make_zip({{"secret", "xyz"}}, "word")).message, HasSubstr("is encrypted"));
  std::string zip = make_zip({{"f", "xyz"}});
  const std::size_t central = zip.rfind("PK\x01\x02");
  zip[8] = zip[central + 10] = 14;  // LZMA
  EXPECT_THAT(refused(zip).message, HasSubstr("method other than deflate"));
}

// Sets what the archive says of its only file's unzipped size.
std::string with_declared_size(std::string zip, std::uint32_t size) {
  for (const std::size_t at : {std::size_t{22}, zip.rfind("PK\x01\x02") + 24}) {
    for (std::size_t i = 0; i < 4; ++i) zip[at + i] = static_cast<char>(size >> (8 * i));
  }
  return zip;
}

TEST(InspectZip, RefusesTooManyBytes) {
  const auto error = refused(with_declared_size(make_zip({{"f", "x"}}), 262'144'000));
  EXPECT_EQ(error.code, Errc::too_large);
  EXPECT_EQ(error.message, "Unzipped size must be smaller than 262144000 bytes");
}

// The archive claims that ten bytes come out of a megabyte: what comes out counts.
TEST(ZipReader, CountsWhatComesOutWhateverTheZipClaims) {
  const std::string zip = with_declared_size(make_zip({{"f", std::string(1 << 20, '\0')}}), 10);
  auto reader = ZipReader::open(zip, 100'000).value();
  ASSERT_NE(reader.next().value(), nullptr);
  Result<std::string_view> piece = reader.read();
  while (piece && !piece->empty()) piece = reader.read();
  ASSERT_FALSE(piece);
  EXPECT_LE(reader.unzipped_bytes(), 100'000U);
}

TEST(InspectZip, RefusesTooManyEntriesAndFolders) {
  std::vector<TestEntry> files;
  for (std::size_t i = 0; i <= kZipEntriesMax; ++i) files.push_back({std::to_string(i), ""});
  EXPECT_EQ(refused(make_zip(files)).code, Errc::too_large);
  std::vector<TestEntry> deep;  // few entries, many folders
  std::string tail;
  for (int i = 0; i < 500; ++i) tail += "/d";
  for (std::size_t i = 0; i <= kZipEntriesMax / 500; ++i) deep.push_back({std::to_string(i) + tail, ""});
  EXPECT_EQ(refused(make_zip(deep)).code, Errc::too_large);
}

TEST(InspectZip, RefusesNamesTooLong) {
  EXPECT_THAT(refused(make_zip({{std::string(256, 'a'), "x"}})).message, HasSubstr("too long"));
  std::string deep = "a";
  while (deep.size() <= kZipNameMax) deep += "/a";
  EXPECT_THAT(refused(make_zip({{deep, "x"}})).message, HasSubstr("too long"));
}

}  // namespace
}  // namespace wick::function
