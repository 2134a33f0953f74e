#include "sandbox/warden/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace wick::sandbox::warden {

Result<> keep_capabilities(std::initializer_list<int> capabilities) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (syscall(SYS_capget, &header, sets.data()) != 0) return fail_errno("read capabilities");
  std::uint64_t kept = 0;
  for (const int capability : capabilities) kept |= std::uint64_t{1} << capability;
  for (__user_cap_data_struct& set : sets) {
    set.permitted &= static_cast<std::uint32_t>(kept);
    set.effective = set.permitted;
    set.inheritable = 0;
    kept >>= 32;
  }
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return fail_errno("clear ambient capabilities");
  if (syscall(SYS_capset, &header, sets.data()) != 0) return fail_errno("set capabilities");
  return {};
}

void bound_capabilities(std::initializer_list<int> capabilities) {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    if (std::ranges::find(capabilities, capability) == capabilities.end()) (void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
}

Result<> set_no_new_privs() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno("set no_new_privs");
  return {};
}

}  // namespace wick::sandbox::warden
