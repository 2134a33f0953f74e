#pragma once
// How a process that a template has forked gets into the namespaces of a new instance (docs/decisions/021-templates.md) without code
// of the function ever running with a capability: it is traced over the few system calls in which it holds them.
//
// Under a template's filter (seccomp.h) setns(2) does not exist except for a process that is traced, and in a sandbox nobody can
// trace. Whoever joins a user namespace holds every capability there, so the process stays stopped from the first setns on; each
// further call is one single step with registers given from here, so that nothing in its memory is believed. Only when every set is
// empty, and it is where it should be, does it go on.
#include <sched.h>
#include <sys/types.h>

#include <array>
#include <string_view>

#include "base/result.h"

namespace wick::sandbox::warden {

// The order in which they are joined: the user namespace gives the right to the others.
inline constexpr std::array<const char*, 7> kJoinedNamespaces{"user", "pid", "mnt", "net", "ipc", "uts", "cgroup"};

// Descriptors of namespaces by the order above, in the calling process.
using Namespaces = std::array<int, kJoinedNamespaces.size()>;

class Admission {
 public:
  // From here on the process dies with the caller, which must hold CAP_SYS_PTRACE over it. x86-64 only. Error: io.
  static Result<Admission> seize(pid_t process);

  // Waits, without a bound of its own, until the process calls setns with the address of the numbers (int) of its descriptors of the
  // namespaces, and admits it, in a session of its own: the call returns 0. cgroups is what its /proc/PID/cgroup is to say; proc is an
  // open folder /proc. To be called by a process that is ended at a deadline. Errors: denied (the process has not done so, or is not
  // where it should be; it is killed), io.
  Result<> admit(const Namespaces& namespaces, std::string_view cgroups, int proc);

 private:
  explicit Admission(pid_t process) : process_(process) {}
  pid_t process_;
  cpu_set_t processors_{};  // that it may run on
  cpu_set_t own_{};         // that the caller may
};

}  // namespace wick::sandbox::warden
