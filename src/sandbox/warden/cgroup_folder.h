#pragma once
// What both versions do with the folder of a controller tree that is the warden's own.
#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace wick::sandbox::warden {

Result<> make_group(int parent, const std::string& name);
Result<> remove_group(int parent, const std::string& name);  // one that is not there is well removed
// Sends SIGKILL to all that the group has now, but to one (0 for none). True when it has no other.
bool kill_group(int parent, const std::string& name, pid_t spared = 0);
// A file of a group to which a process writes "0" to get in.
Result<UniqueFd> open_door(int parent, const std::string& path);
// Kills every process in every group in folder and below, waits up to two seconds for each group's, and removes the groups.
void clear_groups(int folder);

// The number after "key " in a file of such lines (memory.events, cpu.stat, memory.oom_control), or 0.
std::uint64_t number_of(std::string_view text, std::string_view key);
// The number that is all of a file, or 0 (also for "max").
std::uint64_t read_number(int folder, const std::string& path);

}  // namespace wick::sandbox::warden
