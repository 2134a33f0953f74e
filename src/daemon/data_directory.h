#pragma once
// The data directory: made when missing, given to the ordinary user that the daemon becomes, and used by one daemon at a time.
//
// Each daemon holds an flock on DATA/wick.lock, which also marks the folder as Wick's: root hands over a folder only if it is empty
// or marked, so that a mistyped --data /etc changes nothing.
#include <sys/types.h>

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace wick::daemon {

struct Owner {
  uid_t uid = 0;
  gid_t gid = 0;
};

// As root. Makes the folder (mode 0700) and its parents, and gives it with its contents to owner if it is new or root's.
// Errors: failed_precondition (somebody else's folder, or not Wick's), io.
Result<> hand_over_data_directory(const std::string& path, const Owner& owner);

// As the user that the daemon stays. Makes the folder if missing and takes the lock, which lasts as long as the descriptor. Waits a few
// seconds for the warden of a daemon that was killed. Errors: failed_precondition (another daemon uses it), io.
Result<UniqueFd> lock_data_directory(const std::string& path);

}  // namespace wick::daemon
