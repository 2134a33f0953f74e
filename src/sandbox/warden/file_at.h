#pragma once
// Small files under an open folder (cgroup and proc settings), and folders opened so that no name can lead out of it.
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace wick::sandbox::warden {

// A whole file of at most 64 KiB.
Result<std::string> read_at(int folder, const std::string& path);
// One write(2) to a file that exists: the kernel takes or refuses a setting as a whole.
Result<> write_at(int folder, const std::string& path, std::string_view text);

// O_PATH descriptors of folders. Nothing on the way may be a symbolic link or "..". Error: not_found.
Result<UniqueFd> open_folder_beneath(int folder, const std::string& path);
Result<UniqueFd> open_folder(const std::string& path);  // any path, for those that the operator gave

}  // namespace wick::sandbox::warden
