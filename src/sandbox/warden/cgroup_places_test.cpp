#include "sandbox/warden/cgroup_places.h"

#include <gtest/gtest.h>

namespace wick::sandbox::warden {
namespace {

TEST(CgroupPlaces, OfASystemdMachine) {
  const auto places = parse_cgroup_places("0::/system.slice/wick.service\n",
                                          "25 30 0:23 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
                                          "30 25 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
  EXPECT_EQ(places.v2, "/sys/fs/cgroup/system.slice/wick.service");
  EXPECT_EQ(places.v2_top, "/sys/fs/cgroup");
  EXPECT_TRUE(places.v1.empty());
}

TEST(CgroupPlaces, OfAMachineWithVersionOne) {
  const auto places = parse_cgroup_places("8:pids:/\n4:memory:/a/b\n2:cpuacct,cpu:/c\n1:name=systemd:/\n0::/\n",
                                          "40 30 0:30 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
                                          "41 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
                                          "42 30 0:32 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                                          "43 30 0:33 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(places.v1.at("pids"), "/sys/fs/cgroup/pids");
  EXPECT_EQ(places.v1.at("memory"), "/sys/fs/cgroup/memory/a/b");
  EXPECT_EQ(places.v1.at("cpu"), "/sys/fs/cgroup/cpu,cpuacct/c");
  EXPECT_EQ(places.v1.at("cpuacct"), "/sys/fs/cgroup/cpu,cpuacct/c");
  EXPECT_EQ(places.v2, "/sys/fs/cgroup/unified");
}

TEST(CgroupPlaces, OfAContainerThatSeesAPartOfTheTree) {
  const auto places = parse_cgroup_places("0::/docker/1/own\n", "40 30 0:30 /docker/1 /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
  EXPECT_EQ(places.v2, "/sys/fs/cgroup/own");
  EXPECT_EQ(parse_cgroup_places("0::/elsewhere\n", "40 30 0:30 /docker/1 /sys/fs/cgroup ro - cgroup2 cgroup rw\n").v2, "/sys/fs/cgroup");
}

TEST(CgroupPlaces, OfNonsense) {
  const auto places = parse_cgroup_places("x\n:\n::\n", "\n - \n1 2 3 - cgroup2\n");
  EXPECT_EQ(places.v2, "");
  EXPECT_TRUE(places.v1.empty());
}

}  // namespace
}  // namespace wick::sandbox::warden
