#include "daemon/data_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

namespace wick::daemon {
namespace {

namespace fs = std::filesystem;

class DataDirectoryTest : public testing::Test {
 protected:
  DataDirectoryTest() {
    std::string pattern = fs::temp_directory_path() / "wick-data-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~DataDirectoryTest() override { fs::remove_all(folder_); }

  static uid_t owner_of(const std::string& path) {
    struct stat status{};
    EXPECT_EQ(lstat(path.c_str(), &status), 0) << path;
    return status.st_uid;
  }

  std::string folder_;
};

TEST_F(DataDirectoryTest, OneDaemonAtATime) {
  const std::string data = folder_ + "/a/b";
  {
    const auto lock = lock_data_directory(data);
    ASSERT_TRUE(lock) << lock.error().message;
    const auto second = lock_data_directory(data);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message, AllOf(testing::HasSubstr("another wick serve"), testing::HasSubstr("--data")));
  }
  EXPECT_TRUE(lock_data_directory(data));
}

TEST_F(DataDirectoryTest, RootHandsOverItsOwnFolder) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const std::string data = folder_ + "/data";
  const Owner owner{.uid = 12345, .gid = 12345};
  ASSERT_TRUE(hand_over_data_directory(data, owner));
  EXPECT_EQ(owner_of(data), owner.uid);

  fs::create_directories(folder_ + "/old/kv/deep/er");
  std::ofstream(folder_ + "/old/kv/deep/er/file") << "";
  fs::create_directories(folder_ + "/elsewhere/inner");
  fs::create_symlink(folder_ + "/elsewhere", folder_ + "/old/kv/folder_link");
  std::ofstream(folder_ + "/old/wick.lock") << "";
  std::ofstream(folder_ + "/outside") << "";
  fs::create_symlink(folder_ + "/outside", folder_ + "/old/kv/link");
  ASSERT_TRUE(hand_over_data_directory(folder_ + "/old", owner));
  for (const char* path : {"/old", "/old/wick.lock", "/old/kv", "/old/kv/deep/er", "/old/kv/deep/er/file", "/old/kv/folder_link"}) {
    EXPECT_EQ(owner_of(folder_ + path), owner.uid) << path;
  }
  EXPECT_EQ(owner_of(folder_ + "/elsewhere/inner"), 0u);
  EXPECT_EQ(owner_of(folder_ + "/elsewhere"), 0u);
  EXPECT_EQ(owner_of(folder_ + "/old/kv/link"), owner.uid);
  EXPECT_EQ(owner_of(folder_ + "/outside"), 0u);
}

TEST_F(DataDirectoryTest, RootKeepsWhatIsNotWicks) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  std::ofstream(folder_ + "/passwd") << "";
  EXPECT_FALSE(hand_over_data_directory(folder_, {.uid = 12345, .gid = 12345}));
  EXPECT_EQ(owner_of(folder_ + "/passwd"), 0u);
  ASSERT_EQ(chown(folder_.c_str(), 54321, 54321), 0);
  const auto others = hand_over_data_directory(folder_, {.uid = 12345, .gid = 12345});
  ASSERT_FALSE(others);
  EXPECT_THAT(others.error().message, testing::HasSubstr("54321"));
}

}  // namespace
}  // namespace wick::daemon
