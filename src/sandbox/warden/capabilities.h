#pragma once
// The calling thread's capabilities (capabilities(7)).
#include <cstdint>
#include <initializer_list>

#include "base/result.h"

namespace wick::sandbox::warden {

// The permitted and effective sets become those of the list that are permitted now; the inheritable and ambient sets become empty.
Result<> keep_capabilities(std::initializer_list<int> capabilities);

// Takes all but those of the list out of the bounding set, so that no execve(2) brings the others back. Needs CAP_SETPCAP; without it, only harmless
// where no_new_privs is set.
void bound_capabilities(std::initializer_list<int> capabilities);

Result<> set_no_new_privs();

}  // namespace wick::sandbox::warden
