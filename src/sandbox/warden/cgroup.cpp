#include "sandbox/warden/cgroup.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "sandbox/warden/cgroup_folder.h"
#include "sandbox/warden/cgroup_places.h"
#include "sandbox/warden/cgroup_v1.h"
#include "sandbox/warden/cgroup_v2.h"
#include "sandbox/warden/file_at.h"

namespace wick::sandbox::warden {
namespace {

constexpr const char* kNoLimits = "no limits on memory, processor and processes together: no control group can be used";

bool has_controllers(int folder) {
  const auto controllers = read_at(folder, "cgroup.controllers");
  return controllers && controllers->find("memory") != std::string::npos;
}

FoundCgroups use_v2(const CgroupPlaces& places, const std::string& name) {
  FoundCgroups found;
  UniqueFd parent(open(places.v2.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent || !has_controllers(parent.get()) || !step_aside(parent.get(), getppid(), getpid())) {
    // The top group may have both processes and groups; only root can make one there.
    parent.reset(open(places.v2_top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (geteuid() != 0 || !parent || !has_controllers(parent.get())) return found;
  }
  enable_controllers(parent.get(), found.missing);
  const int own_parent = parent.get();
  auto cgroups = open_cgroups_v2(std::move(parent), name);
  if (!cgroups) return {};
  const UniqueFd own(openat(own_parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  found.missing.clear();
  enable_controllers(own.get(), found.missing);
  if (found.missing.empty()) found.cgroups = std::move(*cgroups);
  return found;
}

FoundCgroups use_v1(const CgroupPlaces& places, const std::string& name) {
  FoundCgroups found;
  std::vector<ControllerFolder> folders;
  for (const std::string controller : {"memory", "cpu", "cpuacct", "pids"}) {
    const auto place = places.v1.find(controller);
    UniqueFd parent(place == places.v1.end() ? -1 : open(place->second.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (parent && faccessat(parent.get(), ".", W_OK, AT_EACCESS) == 0) {
      folders.push_back({controller, std::move(parent)});
    } else {
      found.missing.push_back("no " + controller + " limit or count: the control group controller cannot be used");
    }
  }
  if (folders.empty()) return {};
  if (auto cgroups = open_cgroups_v1(std::move(folders), name)) found.cgroups = std::move(*cgroups);
  return found;
}

}  // namespace

CgroupShare::~CgroupShare() {
  for (const int folder : folders_) (void)remove_group(folder, name_);
}

FoundCgroups find_cgroups(const std::string& name) {
  const auto cgroup = read_at(AT_FDCWD, "/proc/self/cgroup");
  const auto mountinfo = read_at(AT_FDCWD, "/proc/self/mountinfo");
  if (!cgroup || !mountinfo) return {.cgroups = nullptr, .missing = {kNoLimits}};
  const CgroupPlaces places = parse_cgroup_places(*cgroup, *mountinfo);
  FoundCgroups found = use_v2(places, name);
  if (!found.cgroups) found = use_v1(places, name);
  if (!found.cgroups) found.missing = {kNoLimits};
  return found;
}

std::uint64_t cpu_quota_micros(std::uint32_t cpu_millis) {
  return std::max<std::uint64_t>(1000, std::uint64_t{cpu_millis} * kCpuPeriodMicros / 1000);
}

}  // namespace wick::sandbox::warden
