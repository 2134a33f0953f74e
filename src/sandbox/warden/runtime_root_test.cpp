#include "sandbox/warden/runtime_root.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace wick::sandbox::warden {
namespace {

namespace fs = std::filesystem;

class RuntimeRootTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "wick-root-XXXXXX").string();
    folder_ = fs::canonical(mkdtemp(pattern.data()));
    fs::create_directories(folder_ / "data");
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string make(const std::string& root, const std::string& program) {
    fs::create_directories(folder_ / root / "bin");
    std::ofstream(folder_ / root / "bin" / program) << "";
    return folder_ / root;
  }
  bool is_taken(const std::string& name, const std::string& root) { return open_runtime_root({name, root}, folder_ / "data").has_value(); }

  fs::path folder_;
};

TEST_F(RuntimeRootTest, IsAFolderWithTheInterpreter) {
  EXPECT_TRUE(is_taken("nodejs20.x", make("node", "node")));
  EXPECT_TRUE(is_taken("python3.12", make("python", "python3.12")));
  EXPECT_FALSE(is_taken("python3.11", folder_ / "python"));
  EXPECT_FALSE(is_taken("nodejs20.x", folder_ / "python"));
  EXPECT_FALSE(is_taken("nodejs20.x", folder_ / "none"));
  EXPECT_FALSE(is_taken("nodejs20.x", "/etc"));
}

TEST_F(RuntimeRootTest, IsNeitherTheHostsRootNorAnythingAroundTheData) {
  EXPECT_FALSE(is_taken("python3.12", "/"));
  EXPECT_FALSE(is_taken("nodejs20.x", fs::path(make("", "node")).parent_path()));
  EXPECT_FALSE(is_taken("nodejs20.x", folder_ / ""));
  EXPECT_FALSE(is_taken("nodejs20.x", make("data/runtimes/nodejs20.x", "node")));
  EXPECT_FALSE(is_taken("nodejs20.x", make("data", "node")));
  EXPECT_TRUE(is_taken("nodejs20.x", make("database", "node")));
}

TEST_F(RuntimeRootTest, HasNoLinkInItsPath) {
  make("node", "node");
  fs::create_directory_symlink(folder_ / "node", folder_ / "link");
  fs::create_directory_symlink(folder_, folder_ / "up");
  EXPECT_FALSE(is_taken("nodejs20.x", folder_ / "link"));
  EXPECT_FALSE(is_taken("nodejs20.x", folder_ / "up/node"));
  EXPECT_FALSE(is_taken("nodejs20.x", (folder_ / "data/../node").string()));
}

}  // namespace
}  // namespace wick::sandbox::warden
