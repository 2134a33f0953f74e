#include "function/zip_unpack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "function/test_zip.h"
#include "function/zip.h"

namespace wick::function {
namespace {

namespace fs = std::filesystem;

class UnpackZipTest : public testing::Test {
 protected:
  UnpackZipTest() {
    std::string name = testing::TempDir() + "wick_unpack_XXXXXX";
    outside_ = mkdtemp(name.data());
    folder_ = outside_ + "/folder";
    fs::create_directory(folder_);
  }
  ~UnpackZipTest() override { fs::remove_all(outside_); }

  Result<std::uint64_t> unpack(const std::vector<TestEntry>& entries) { return unpack_zip(make_zip(entries), folder_, kUnzippedMax); }
  std::string content(const std::string& name) {
    std::ifstream file(folder_ + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  struct stat status(const std::string& name) {
    struct stat status{};
    EXPECT_EQ(lstat((folder_ + "/" + name).c_str(), &status), 0) << name;
    return status;
  }

  std::string outside_;
  std::string folder_;
};

TEST_F(UnpackZipTest, WritesFilesFoldersAndLinks) {
  const std::string large(3'000'000, 'z');
  const auto bytes = unpack({{"a.txt", "hello"},
                             {"deep/er/b", large},
                             {"empty/", "", AE_IFDIR | 0700},
                             {"c", ""},
                             {"deep/é", "x"},
                             test_link("deep/er/up", "../../a.txt")});
  EXPECT_EQ(bytes.value(), 3'000'006U);
  EXPECT_EQ(content("a.txt"), "hello");
  EXPECT_EQ(content("deep/er/b"), large);
  EXPECT_EQ(content("c"), "");
  EXPECT_EQ(content("deep/é"), "x");
  EXPECT_EQ(content("deep/er/up"), "hello");
  EXPECT_TRUE(fs::is_directory(folder_ + "/empty"));
}

TEST_F(UnpackZipTest, ModesAreOfThreeKindsWhateverTheZipAndTheUmaskSay) {
  const auto before = umask(0077);
  const auto done = unpack({{"plain", "x", AE_IFREG | 0600},
                            {"run", "x", AE_IFREG | 06711},
                            {"open", "x", AE_IFREG | 0666},
                            {"d/", "", AE_IFDIR | 01777},
                            {"e/f", "x", AE_IFREG | 0}});
  umask(before);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(status("plain").st_mode, S_IFREG | 0644U);
  EXPECT_EQ(status("run").st_mode, S_IFREG | 0755U);
  EXPECT_EQ(status("open").st_mode, S_IFREG | 0644U);
  EXPECT_EQ(status("e/f").st_mode, S_IFREG | 0644U);
  EXPECT_EQ(status("d").st_mode, S_IFDIR | 0755U);
  EXPECT_EQ(status("e").st_mode, S_IFDIR | 0755U);
  EXPECT_EQ(status("plain").st_mtime, 1'700'000'000);
}

TEST_F(UnpackZipTest, TheLastOfTwoFilesWithOneNameWins) {
  ASSERT_TRUE(unpack({{"a", "first and longer"}, {"a", "second"}, test_link("b", "a"), {"b", "was a link"}}));
  EXPECT_EQ(content("a"), "second");
  EXPECT_EQ(content("b"), "was a link");
}

TEST_F(UnpackZipTest, LayersGoOverEachOther) {
  ASSERT_TRUE(unpack({{"lib/a", "1"}, {"lib/b", "1"}, test_link("lib/c", "a")}));
  ASSERT_TRUE(unpack({{"lib/b", "2"}, {"lib/c", "2"}, {"lib/d", "2"}}));
  EXPECT_EQ(content("lib/a") + content("lib/b") + content("lib/c") + content("lib/d"), "1222");
}

TEST_F(UnpackZipTest, NothingIsWrittenThroughALinkThatIsThere) {
  fs::create_directory(outside_ + "/target");
  fs::create_directory_symlink(outside_ + "/target", folder_ + "/way");
  fs::create_symlink(outside_ + "/target/file", folder_ + "/file");
  EXPECT_EQ(unpack({{"way/x", "x"}}).error().code, Errc::invalid_argument);
  EXPECT_EQ(unpack({{"way/", "", AE_IFDIR | 0755}}).error().code, Errc::invalid_argument);
  ASSERT_TRUE(unpack({{"file", "inside"}}));
  EXPECT_EQ(content("file"), "inside");
  EXPECT_TRUE(fs::is_empty(outside_ + "/target"));
}

TEST_F(UnpackZipTest, AFileInPlaceOfAFolderIsRefused) {
  ASSERT_TRUE(unpack({{"a/b", "x"}, {"c", "x"}}));
  EXPECT_THAT(unpack({{"a", "x"}}).error().message, testing::HasSubstr("\"a\" is both a folder and a file"));
  EXPECT_THAT(unpack({{"c/d", "x"}}).error().message, testing::HasSubstr("\"c\" is both a folder and a file"));
}

TEST_F(UnpackZipTest, EvilZipsWriteNothingOutside) {
  EXPECT_FALSE(unpack({{"../evil", "x"}}));
  EXPECT_FALSE(unpack({test_link("l", ".."), {"l/evil", "x"}}));
  EXPECT_FALSE(unpack({{"a", "x"}, test_link("l", outside_), {"l/evil", "x"}}));
  EXPECT_FALSE(fs::exists(outside_ + "/evil"));
}

TEST_F(UnpackZipTest, StopsAtTheBytesAllowed) {
  EXPECT_EQ(unpack_zip(make_zip({{"a", std::string(1000, 'x')}}), folder_, 999).error().code, Errc::too_large);
  EXPECT_TRUE(unpack_zip(make_zip({{"a", std::string(1000, 'x')}}), folder_, 1000));
}

}  // namespace
}  // namespace wick::function
