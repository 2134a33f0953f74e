#pragma once
// A managed runtime's folder on the host. It is the daemon that names it, so it has to look like one before it is mounted.
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/warden/options.h"

namespace wick::sandbox::warden {

// The root of a runtime that is not in /usr: a path without a link in it, to a folder that holds the runtime's interpreter and is
// neither in the data directory nor around it. Errors: not_found; failed_precondition, a sentence for the operator.
Result<UniqueFd> open_runtime_root(const HostRuntime& runtime, const std::string& data_directory);

}  // namespace wick::sandbox::warden
