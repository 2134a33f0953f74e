#include "sandbox/warden/user_namespace.h"

#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "sandbox/warden/file_at.h"

namespace wick::sandbox::warden {

Result<> enter_user_namespace(int proc_self, uid_t uid, gid_t gid) {
  const uid_t outer_uid = geteuid();
  const gid_t outer_gid = getegid();
  if (unshare(CLONE_NEWUSER) != 0) {
    auto error = fail_errno("make a user namespace");
    error.error().message += " (are they switched off? see user.max_user_namespaces, kernel.unprivileged_userns_clone, AppArmor)";
    return error;
  }
  // The map files belong to root while the process is not dumpable, as it is after a change of user.
  if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return fail_errno("make dumpable");
  WICK_CHECK(write_at(proc_self, "uid_map", fmt::format("{} {} 1", uid, outer_uid)));
  WICK_CHECK(write_at(proc_self, "setgroups", "deny"));
  WICK_CHECK(write_at(proc_self, "gid_map", fmt::format("{} {} 1", gid, outer_gid)));
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return fail_errno("make undumpable");
  return {};
}

}  // namespace wick::sandbox::warden
