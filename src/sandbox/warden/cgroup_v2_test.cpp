// On ordinary files in the shape of the tree: which files are written and what is read, where this machine has no version 2.
#include "sandbox/warden/cgroup_v2.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace wick::sandbox::warden {
namespace {

namespace fs = std::filesystem;

class CgroupV2Test : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "wick-cgroup-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(folder_); }

  void put(const std::string& path, const std::string& text = "") {
    fs::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << text;
  }
  std::string get(const std::string& path) {
    std::ifstream file(folder_ / path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  UniqueFd open_folder() { return UniqueFd(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); }

  fs::path folder_;
};

TEST_F(CgroupV2Test, WritesLimits) {
  for (const char* file : {"memory.max", "memory.swap.max", "memory.oom.group", "pids.max", "cpu.max"}) put(std::string("wick/1/") + file);
  auto cgroups = open_cgroups_v2(open_folder(), "wick");
  ASSERT_TRUE(cgroups) << cgroups.error().message;
  for (const char* file : {"memory.max", "memory.swap.max", "memory.oom.group", "pids.max", "cpu.max"}) put(std::string("wick/1/") + file);
  auto cgroup = (*cgroups)->make("1");
  ASSERT_TRUE(cgroup) << cgroup.error().message;
  const auto limited = (*cgroup)->limit({.memory_bytes = 134217728, .cpu_millis = 72, .pids = 64, .tmp_bytes = 0}, Cgroup::OutOfMemory::ends_all);
  ASSERT_TRUE(limited) << limited.error().message;
  EXPECT_EQ(get("wick/1/memory.max"), "134217728");
  EXPECT_EQ(get("wick/1/memory.swap.max"), "0");
  EXPECT_EQ(get("wick/1/memory.oom.group"), "1");
  EXPECT_EQ(get("wick/1/pids.max"), "64");
  ASSERT_TRUE((*cgroup)->limit({.memory_bytes = 1, .cpu_millis = 72, .pids = 64, .tmp_bytes = 0}, Cgroup::OutOfMemory::ends_one));
  EXPECT_EQ(get("wick/1/memory.oom.group"), "0");
  EXPECT_EQ(get("wick/1/cpu.max"), "");  // not during init
  ASSERT_TRUE((*cgroup)->limit_cpu(72));
  EXPECT_EQ(get("wick/1/cpu.max"), "1440 20000");
  EXPECT_TRUE((*cgroup)->birthplace()->get() >= 0);
  put("wick/1/cpu.weight");
  ASSERT_TRUE((*cgroup)->weigh(3));
  EXPECT_EQ(get("wick/1/cpu.weight"), "12");
  put("wick/1/cpu.weight");
  ASSERT_TRUE((*cgroup)->weigh(9));
  EXPECT_EQ(get("wick/1/cpu.weight"), "1");
}

TEST_F(CgroupV2Test, AShareHoldsItsGroupsAndGoesWithTheLast) {
  auto cgroups = open_cgroups_v2(open_folder(), "wick");
  ASSERT_TRUE(cgroups);
  EXPECT_FALSE((*cgroups)->make_share("s"));  // without controllers for the groups in it
  put("wick/s/cgroup.subtree_control");
  auto share = (*cgroups)->make_share("s");
  ASSERT_TRUE(share) << share.error().message;
  EXPECT_TRUE(get("wick/s/cgroup.subtree_control").starts_with("+pids"));  // the last of what is written
  fs::remove(folder_ / "wick/s/cgroup.subtree_control");                   // on a cgroup file system it is not in rmdir(2)'s way
  auto cgroup = (*cgroups)->make("1", *share);
  ASSERT_TRUE(cgroup) << cgroup.error().message;
  put("wick/s/1/cpu.max");
  ASSERT_TRUE((*cgroup)->limit_cpu(72));
  EXPECT_EQ(get("wick/s/1/cpu.max"), "1440 20000");
  fs::remove(folder_ / "wick/s/1/cpu.max");
  share->reset();
  EXPECT_TRUE((*cgroup)->remove());
  EXPECT_FALSE(fs::exists(folder_ / "wick/s/1"));
  EXPECT_TRUE(fs::exists(folder_ / "wick/s"));
  cgroup->reset();
  EXPECT_FALSE(fs::exists(folder_ / "wick/s"));
}

TEST_F(CgroupV2Test, ClearsSharesAndWhatIsInThem) {
  put("wick/s/1/cgroup.procs");
  fs::remove(folder_ / "wick/s/1/cgroup.procs");
  auto cgroups = open_cgroups_v2(open_folder(), "wick");
  ASSERT_TRUE(cgroups);
  EXPECT_FALSE(fs::exists(folder_ / "wick/s"));
}

TEST_F(CgroupV2Test, KillsTheGroup) {
  auto cgroups = open_cgroups_v2(open_folder(), "wick");
  ASSERT_TRUE(cgroups);
  auto cgroup = (*cgroups)->make("1");
  ASSERT_TRUE(cgroup);
  put("wick/1/cpu.max");
  put("wick/1/cgroup.kill");
  (*cgroup)->kill();
  EXPECT_EQ(get("wick/1/cgroup.kill"), "1");
  EXPECT_EQ(get("wick/1/cpu.max"), "max 20000");
}

TEST_F(CgroupV2Test, ReadsWhatWasUsed) {
  auto cgroups = open_cgroups_v2(open_folder(), "wick");
  ASSERT_TRUE(cgroups);
  auto cgroup = (*cgroups)->make("1");
  ASSERT_TRUE(cgroup);
  EXPECT_FALSE((*cgroup)->out_of_memory());
  put("wick/1/memory.events", "low 0\nhigh 0\nmax 3\noom 1\noom_kill 0\noom_group_kill 0\n");
  EXPECT_FALSE((*cgroup)->out_of_memory());
  put("wick/1/memory.events", "low 0\nhigh 0\nmax 3\noom 1\noom_kill 2\noom_group_kill 1\n");
  EXPECT_TRUE((*cgroup)->out_of_memory());
  put("wick/1/memory.peak", "123456\n");
  put("wick/1/cpu.stat", "usage_usec 789\nuser_usec 700\nsystem_usec 89\n");
  EXPECT_EQ((*cgroup)->usage().memory_peak_bytes, 123456U);
  EXPECT_EQ((*cgroup)->usage().cpu_nanos, 789'000U);
}

TEST_F(CgroupV2Test, SaysWhichControllersAreNotToBeHad) {
  std::vector<std::string> missing;
  enable_controllers(open_folder().get(), missing);
  EXPECT_EQ(missing.size(), 3U);
  missing.clear();
  put("cgroup.subtree_control");
  enable_controllers(open_folder().get(), missing);
  EXPECT_TRUE(missing.empty());
}

TEST_F(CgroupV2Test, DaemonAndWardenStepAsideWhereTheyAreAlone) {
  put("cgroup.procs", "70\n71\n");
  put("daemon/cgroup.procs");
  EXPECT_TRUE(step_aside(open_folder().get(), 70, 71));
  EXPECT_EQ(get("daemon/cgroup.procs"), "71");  // the last that was written
  put("cgroup.procs", "70\n71\n");
  EXPECT_TRUE(step_aside(open_folder().get(), 71, 70));
}

TEST_F(CgroupV2Test, NobodyStepsAsideBesideOthers) {
  for (const char* processes : {"", "70\n", "70\n71\n72\n", "7\n71\n", "70\n710\n"}) {
    put("cgroup.procs", processes);
    put("daemon/cgroup.procs");
    EXPECT_FALSE(step_aside(open_folder().get(), 70, 71)) << processes;
    EXPECT_EQ(get("daemon/cgroup.procs"), "");
  }
}

TEST(CpuQuota, IsAtLeastWhatTheKernelTakes) {
  EXPECT_EQ(cpu_quota_micros(10), 1000U);
  EXPECT_EQ(cpu_quota_micros(72), 1440U);
  EXPECT_EQ(cpu_quota_micros(1000), 20'000U);
  EXPECT_EQ(cpu_quota_micros(6000), 120'000U);
}

}  // namespace
}  // namespace wick::sandbox::warden
