#pragma once
// Which interpreter a folder holds, told by its files alone. For folders that others may have written: nothing in them is run.
#include <optional>
#include <string>
#include <vector>

#include "function/runtimes.h"

namespace wick::function {

// From bin/python3.N (the newest) or bin/node and the version in the installation's C headers, or that which Node.js's own builds
// name in the program. Without either: Python's version is 3.N, and Node.js is not known. The program must lie within the folder,
// links followed; virtual environments and what is too old are no installations. Runtime::root is the folder as given.
std::optional<Runtime> read_runtime(const std::string& folder);

// The same of a folder whose name tells what it is, as DATA/runtimes/nodejs24.x; the folder itself must not be a link.
std::optional<Runtime> read_installed_runtime(const std::string& folder);

// All of those in one folder, which need not exist.
std::vector<Runtime> read_installed_runtimes(const std::string& folder);

}  // namespace wick::function
