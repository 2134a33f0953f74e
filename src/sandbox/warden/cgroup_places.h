#pragma once
// Where the calling process is in the control group trees, from the text of /proc/self/cgroup and /proc/self/mountinfo (proc(5)).
#include <map>
#include <string>
#include <string_view>

namespace wick::sandbox::warden {

struct CgroupPlaces {
  std::string v2;                         // folder of the process's own group; empty where the tree is not mounted
  std::string v2_top;                     // folder of the highest group that is mounted
  std::map<std::string, std::string> v1;  // by controller: folder of the process's own group
};

CgroupPlaces parse_cgroup_places(std::string_view cgroup, std::string_view mountinfo);

}  // namespace wick::sandbox::warden
