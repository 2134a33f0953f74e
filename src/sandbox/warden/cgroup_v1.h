#pragma once
// Control groups, version 1: a tree for each controller (Documentation/admin-guide/cgroup-v1 of Linux).
#include <memory>
#include <vector>

#include "sandbox/warden/cgroup.h"

namespace wick::sandbox::warden {

// One controller's tree. memory, cpu, cpuacct and pids are used; two of them may be one mounted tree.
struct ControllerFolder {
  std::string controller;
  UniqueFd parent;  // the folder in which the warden's own group, name, is or will be made
};

Result<std::unique_ptr<Cgroups>> open_cgroups_v1(std::vector<ControllerFolder> controllers, const std::string& name);

}  // namespace wick::sandbox::warden
