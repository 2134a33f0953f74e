#include "sandbox/warden/mounts.h"

#include <fcntl.h>
#include <sys/mount.h>

#include <utility>
#include <vector>

namespace wick::sandbox::warden {
namespace {

Result<> restrict_mount(int folder, const std::string& path, unsigned int flags, std::uint64_t attributes) {
  mount_attr attr{};
  attr.attr_set = attributes;
  if (mount_setattr(folder, path.c_str(), flags, &attr, sizeof(attr)) != 0) return fail_errno("restrict mount", path);
  return {};
}

Result<UniqueFd> copy_mount(int folder, const std::string& path, std::uint64_t attributes) {
  UniqueFd tree(open_tree(folder, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | (path.empty() ? AT_EMPTY_PATH : 0)));
  if (!tree) return fail_errno("copy mount", path);
  WICK_CHECK(restrict_mount(tree.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, attributes));
  return tree;
}

Result<UniqueFd> make_mount(const std::string& type, const std::vector<std::pair<std::string, std::string>>& options, unsigned int attributes) {
  const UniqueFd context(fsopen(type.c_str(), FSOPEN_CLOEXEC));
  if (!context) return fail_errno("open file system", type);
  for (const auto& [key, value] : options) {
    if (fsconfig(context.get(), FSCONFIG_SET_STRING, key.c_str(), value.c_str(), 0) != 0) return fail_errno("set " + key + " of file system", type);
  }
  if (fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return fail_errno("create file system", type);
  UniqueFd mount(fsmount(context.get(), FSMOUNT_CLOEXEC, attributes));
  if (!mount) return fail_errno("mount file system", type);
  return mount;
}

}  // namespace

Result<UniqueFd> copy_tree(int folder, const std::string& path) {
  return copy_mount(folder, path, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

Result<UniqueFd> copy_device(const std::string& path) {
  return copy_mount(AT_FDCWD, path, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
}

Result<UniqueFd> make_tmpfs(const TmpfsOptions& options) {
  std::vector<std::pair<std::string, std::string>> settings{
      {"size", std::to_string(options.bytes)}, {"nr_inodes", std::to_string(options.inodes)}, {"mode", options.mode}};
  if (options.owner) {
    settings.emplace_back("uid", std::to_string(*options.owner));
    settings.emplace_back("gid", std::to_string(*options.owner));
  }
  return make_mount("tmpfs", settings, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

Result<> resize_tmpfs(const std::string& target, std::uint64_t bytes, std::uint64_t inodes) {
  const UniqueFd context(fspick(AT_FDCWD, target.c_str(), FSPICK_CLOEXEC));
  if (!context) return fail_errno("pick file system", target);
  for (const auto& [key, value] : {std::pair{"size", bytes}, {"nr_inodes", inodes}}) {
    if (fsconfig(context.get(), FSCONFIG_SET_STRING, key, std::to_string(value).c_str(), 0) != 0) return fail_errno("set the size of", target);
  }
  if (fsconfig(context.get(), FSCONFIG_CMD_RECONFIGURE, nullptr, nullptr, 0) != 0) return fail_errno("resize", target);
  return {};
}

Result<UniqueFd> make_proc() {
  return make_mount("proc", {{"hidepid", "invisible"}}, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

Result<> attach(const UniqueFd& mount, int folder, const std::string& target) {
  if (move_mount(mount.get(), "", folder, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0) return fail_errno("mount on", target);
  return {};
}

Result<> make_read_only(const std::string& target) {
  return restrict_mount(AT_FDCWD, target, 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

}  // namespace wick::sandbox::warden
