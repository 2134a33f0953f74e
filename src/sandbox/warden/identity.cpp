#include "sandbox/warden/identity.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sandbox/warden/capabilities.h"
#include "sandbox/warden/user_namespace.h"

namespace wick::sandbox::warden {
namespace {

constexpr rlim_t kMiB = 1024 * 1024;

// CAP_SYS_ADMIN outlives the change of user, for hosts where only its holders may make user namespaces.
Result<> become_user(uid_t user) {
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return fail_errno("keep capabilities over a change of user");
  if (setgroups(0, nullptr) != 0) return fail_errno("leave all groups");
  if (setresgid(user, user, user) != 0) return fail_errno("change group");
  if (setresuid(user, user, user) != 0) return fail_errno("change user");
  return keep_capabilities({CAP_SYS_ADMIN});
}

}  // namespace

Result<> become_nobody(int proc_self, bool own_user, uid_t user) {
  if (own_user) WICK_CHECK(become_user(user));
  WICK_CHECK(enter_user_namespace(proc_self, kInsideUser, kInsideGroup));
  bound_capabilities({});
  WICK_CHECK(keep_capabilities({}));
  return set_no_new_privs();
}

Result<> limit_resources(const Limits& limits, bool has_cgroup, bool is_template) {
  struct Setting {
    __rlimit_resource resource;
    rlim_t soft;
    rlim_t hard;
  };
  const rlim_t data = has_cgroup ? RLIM_INFINITY : 2 * limits.memory_bytes + 64 * kMiB;  // what interpreters reserve comes on top
  const rlim_t processes = is_template ? RLIM_INFINITY : limits.pids;
  // A core limit of one byte, and no other, also keeps a dump from a handler that the host may have (core(5)).
  const Setting settings[] = {
      {RLIMIT_NOFILE, 1024, 1024},    {RLIMIT_NPROC, processes, processes}, {RLIMIT_CORE, 1, 1},
      {RLIMIT_MEMLOCK, 65536, 65536}, {RLIMIT_MSGQUEUE, 819'200, 819'200},  {RLIMIT_DATA, data, data},
  };
  for (const Setting& setting : settings) {
    rlimit present{};
    if (getrlimit(setting.resource, &present) != 0) return fail_errno("read a resource limit");
    const rlimit wanted{.rlim_cur = std::min(setting.soft, present.rlim_max), .rlim_max = std::min(setting.hard, present.rlim_max)};
    if (setrlimit(setting.resource, &wanted) != 0) return fail_errno("set a resource limit");
  }
  return {};
}

}  // namespace wick::sandbox::warden
