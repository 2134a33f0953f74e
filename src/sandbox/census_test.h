#pragma once
// What there is of processes, control groups and mounts, for tests that nothing is left.
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <ostream>
#include <set>
#include <string>

namespace wick::sandbox {

std::string text_of(const std::filesystem::path& path);  // as much as can be read: a process may end meanwhile
char state_of(pid_t pid);                                // as proc(5) has it in stat; '\0' for one that is gone
bool runs(pid_t pid);                                    // false for one that only waits to be reaped
std::set<pid_t> descendants(pid_t ancestor);
std::string cpu_parent_of(pid_t pid);                         // the name of the group above its own that divides the processor
std::size_t cgroup_count(const std::filesystem::path& data);  // the warden's folders for this data directory, and those below them

struct Census {
  std::size_t processes = 0;
  std::size_t cgroups = 0;
  std::size_t mounts = 0;       // of the warden
  std::size_t descriptors = 0;  // of this process and the warden
  std::size_t networks = 0;     // namespaces of all processes
  bool operator==(const Census&) const = default;
};
Census take_census(pid_t warden, const std::filesystem::path& data);
std::ostream& operator<<(std::ostream& out, const Census& census);

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit);  // for states that nothing announces

}  // namespace wick::sandbox
