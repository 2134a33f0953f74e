#pragma once
// Control groups, version 2: one tree for all controllers (Documentation/admin-guide/cgroup-v2.rst of Linux).
#include <memory>

#include "sandbox/warden/cgroup.h"

namespace wick::sandbox::warden {

// parent is the folder in which the warden's own group, name, is or will be made; the controllers are switched on for it already.
Result<std::unique_ptr<Cgroups>> open_cgroups_v2(UniqueFd parent, const std::string& name);

// Switches on cpu, memory and pids for the groups below folder; those that are not there or not ours to give are in missing.
void enable_controllers(int folder, std::vector<std::string>& missing);

}  // namespace wick::sandbox::warden
