#pragma once
// What the warden's own processes do: end with it, and let go of what is not theirs. Each is a fork of the warden without an exec.
#include <set>

#include "base/fd.h"
#include "base/result.h"

namespace wick::sandbox::warden {

// The caller must not outlive its parent, whatever ends that. A later change of credentials undoes it. parent is its pidfd.
Result<> die_with(const UniqueFd& parent);

// Closes every descriptor from first on but these. A descriptor that an object of the warden's holds is closed as well: the caller
// must not touch it, and ends with _exit.
void close_all_but(const std::set<int>& kept, int first);

}  // namespace wick::sandbox::warden
