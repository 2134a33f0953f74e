#pragma once
// The system call filter of every instance (seccomp(2)), compiled once at start: an allow-list, and arguments that calls on it may
// not have. A call by another architecture's table (32-bit, x32) kills the process.
#include <linux/filter.h>

#include <vector>

#include "base/result.h"

namespace wick::sandbox::warden {

struct SyscallFilter {
  std::vector<sock_filter> calls;      // what is not allowed does not exist: ENOSYS
  std::vector<sock_filter> arguments;  // what is refused: EPERM
};

// A template's, and that of its forks, differs in setns(2): it stops a traced process (admission.h) and is otherwise as absent.
enum class FilterFor { instances, templates };

Result<SyscallFilter> compile_syscall_filter(FilterFor whom = FilterFor::instances);

// For the calling thread and all its descendants, for good. Needs no_new_privs.
Result<> load_syscall_filter(SyscallFilter& filter);

}  // namespace wick::sandbox::warden
