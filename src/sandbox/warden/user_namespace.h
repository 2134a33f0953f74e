#pragma once
// User namespaces with one user and one group in them: all that an unprivileged process may map (user_namespaces(7)).
#include <sys/types.h>

#include "base/result.h"

namespace wick::sandbox::warden {

// Moves the calling process into a new user namespace, where its present user and group are called uid and gid. It holds every
// capability there and none outside. proc_self is an open folder /proc/self.
Result<> enter_user_namespace(int proc_self, uid_t uid, gid_t gid);

}  // namespace wick::sandbox::warden
