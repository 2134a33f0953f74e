#pragma once
// The namespaces of a process by their names in an open folder /proc: user, pid, mnt and so on (namespaces(7)).
#include <sys/types.h>

#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace wick::sandbox::warden {

// Error: io.
Result<UniqueFd> open_namespace(int proc, pid_t process, std::string_view name);
// Whether it is the one that the descriptor is of. Error: io.
Result<bool> is_in_namespace(int proc, pid_t process, std::string_view name, int wanted);

}  // namespace wick::sandbox::warden
