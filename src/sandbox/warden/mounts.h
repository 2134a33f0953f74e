#pragma once
// Mounts as values: each call makes a mount that is attached nowhere, with its restrictions already on, and attach() then puts
// it in its place, so no mount is ever visible before it is restricted. Every mount is nosuid. (fsopen(2), open_tree(2),
// mount_setattr(2): Linux 5.12.)
#include <cstdint>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace wick::sandbox::warden {

// A copy of what stands at path under folder (AT_FDCWD for any path; path "" for folder itself), mounts below it included,
// read-only and without devices.
Result<UniqueFd> copy_tree(int folder, const std::string& path);
// The same of one device node.
Result<UniqueFd> copy_device(const std::string& path);

struct TmpfsOptions {
  std::uint64_t bytes = 0;
  std::uint64_t inodes = 0;
  std::string mode;                    // octal
  std::optional<std::uint32_t> owner;  // user and group; the caller's own otherwise
};
Result<UniqueFd> make_tmpfs(const TmpfsOptions& options);
Result<> resize_tmpfs(const std::string& target, std::uint64_t bytes, std::uint64_t inodes);
// Read-only, and only a process's own entries and its children's are visible in it (hidepid).
Result<UniqueFd> make_proc();

// Puts the mount on target, a path under folder (or AT_FDCWD).
Result<> attach(const UniqueFd& mount, int folder, const std::string& target);
Result<> make_read_only(const std::string& target);

}  // namespace wick::sandbox::warden
