#pragma once
// Looking for interpreters in the machine's own folders, and asking them who they are. Not for folders that others may write:
// runtime_files.h.
#include <filesystem>
#include <string>
#include <vector>

#include "function/runtimes.h"

namespace wick::function {

inline constexpr int kNodeMajorMin = 20;
inline constexpr int kPythonMinorMin = 8;

// Both canonical; a folder is beneath itself.
bool is_beneath(const std::filesystem::path& path, const std::filesystem::path& folder);

// What runs from bin/node and bin/python3.N of these roots, in their order, a root's newest Python first. Each program is started
// once, all at the same time, and has 5 seconds to answer; one that does not, or is too old, is left out. A program that is a link
// to another installation counts as that one. Virtual environments are no installations, and neither is anything whose root would be /.
// Nothing beneath except (canonical) is run or found.
std::vector<Runtime> look_for_runtimes(const std::vector<std::string>& roots, const std::filesystem::path& except);

}  // namespace wick::function
