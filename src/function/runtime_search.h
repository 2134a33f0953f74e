#pragma once
// Looking for interpreters in folders, and asking them who they are.
#include <string>
#include <vector>

#include "function/runtimes.h"

namespace wick::function {

// What runs from bin/node and bin/python3.N of these roots, in their order, a root's newest Python first. Each program is started
// once, all at the same time, and has 5 seconds to answer; one that does not, or is too old, is left out. A program that is a link
// to another installation counts as that one. Virtual environments are no installations.
std::vector<Runtime> look_for_runtimes(const std::vector<std::string>& roots);

}  // namespace wick::function
