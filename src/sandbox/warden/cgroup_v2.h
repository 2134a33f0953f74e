#pragma once
// Control groups, version 2: one tree for all controllers (Documentation/admin-guide/cgroup-v2.rst of Linux).
#include <sys/types.h>

#include <memory>

#include "sandbox/warden/cgroup.h"

namespace wick::sandbox::warden {

// parent is the folder in which the warden's own group, name, is or will be made; the controllers are switched on for it already.
Result<std::unique_ptr<Cgroups>> open_cgroups_v2(UniqueFd parent, const std::string& name);

// Version 2 has processes only in groups without groups below them. Where the daemon and the warden are alone in theirs, which own
// is (a systemd service or scope with Delegate=yes), they step aside into a group "daemon" below it, and the instances' go beside
// that. False where they are not alone, or may not.
bool step_aside(int own, pid_t daemon, pid_t warden);

// Switches on cpu, memory and pids for the groups below folder; those that are not there or not ours to give are in missing.
void enable_controllers(int folder, std::vector<std::string>& missing);

}  // namespace wick::sandbox::warden
