#pragma once
// Who an instance's processes are: nobody, with nothing. Called by its first process, after the mounts.
#include <sys/types.h>

#include "base/result.h"
#include "sandbox/limits.h"
#include "sandbox/warden/seccomp.h"

namespace wick::sandbox::warden {

// The user and group that code sees, as on AWS: sbx_user1051.
inline constexpr uid_t kInsideUser = 993;
inline constexpr gid_t kInsideGroup = 990;

// Becomes the host's user and group of that number, if own_user, and enters a user namespace in which they are kInsideUser and
// kInsideGroup and there is no other. Leaves the process without a capability in any set, for good. proc_self is an open folder
// /proc/self of the warden's /proc.
Result<> become_nobody(int proc_self, bool own_user, uid_t user);

// Resource limits (getrlimit(2)), as on AWS. Where there is no cgroup, a process's data is limited as well: a poor stand-in.
// Those of a template are its forks' as well, so that processes are only bounded by its group.
Result<> limit_resources(const Limits& limits, bool has_cgroup, bool is_template);

}  // namespace wick::sandbox::warden
