#include "sandbox/warden/instance_root.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "sandbox/warden/file_at.h"
#include "sandbox/warden/mounts.h"

namespace wick::sandbox::warden {
namespace {

constexpr std::uint64_t kSharedMemoryBytes = 64 * 1024 * 1024;
constexpr std::uint64_t kSharedMemoryInodes = 1024;

// A file takes a kilobyte of kernel memory however small it is: about as many as ext4 would have, and never a gigabyte of them.
std::uint64_t inodes_for(std::uint64_t bytes) { return std::clamp<std::uint64_t>(bytes / 16384, 4096, 262'144); }

// Entries of /proc that speak of the whole machine and that no program needs.
constexpr const char* kMaskedFiles[] = {"/proc/config.gz", "/proc/interrupts",    "/proc/kallsyms",   "/proc/kcore",
                                        "/proc/key-users", "/proc/keys",          "/proc/kmsg",       "/proc/latency_stats",
                                        "/proc/modules",   "/proc/sysrq-trigger", "/proc/timer_list", "/proc/sched_debug"};
constexpr const char* kMaskedFolders[] = {"/proc/acpi", "/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/scsi"};

Result<> mount_own(int host, const std::string& folder, const std::string& target) {
  WICK_TRY(const UniqueFd source, open_folder_beneath(host, folder));
  WICK_TRY(const UniqueFd mount, copy_tree(source.get(), ""));
  return attach(mount, AT_FDCWD, target);
}

Result<> mount_proc() {
  WICK_TRY(const UniqueFd proc, make_proc());
  WICK_CHECK(attach(proc, AT_FDCWD, "/proc"));
  for (const char* path : kMaskedFiles) {
    if (access(path, F_OK) != 0) continue;
    WICK_TRY(const UniqueFd nothing, copy_device("/dev/null"));
    WICK_CHECK(attach(nothing, AT_FDCWD, path));
  }
  WICK_TRY(const UniqueFd empty, open_folder("/var/empty"));
  for (const char* path : kMaskedFolders) {
    if (access(path, F_OK) != 0) continue;
    WICK_TRY(const UniqueFd nothing, copy_tree(empty.get(), ""));
    WICK_CHECK(attach(nothing, AT_FDCWD, path));
  }
  return {};
}

Result<> mount_memory(const std::string& target, std::uint64_t bytes, std::uint64_t inodes, std::uint32_t owner) {
  WICK_TRY(const UniqueFd memory, make_tmpfs({.bytes = bytes, .inodes = inodes, .mode = "1777", .owner = owner}));
  return attach(memory, AT_FDCWD, target);
}

}  // namespace

Result<> enter_instance_root(const InstanceRoot& root) {
  WICK_TRY(const UniqueFd host, open_folder("/host"));
  WICK_CHECK(mount_own(host.get(), root.package, "/var/task"));
  if (!root.layers.empty()) WICK_CHECK(mount_own(host.get(), root.layers, "/opt"));
  if (!root.runtime.empty()) WICK_CHECK(mount_own(host.get(), root.runtime, "/var/runtime"));
  if (!root.language.empty()) WICK_CHECK(mount_own(host.get(), root.language, "/var/lang"));
  WICK_CHECK(mount_memory("/tmp", root.tmp_bytes, inodes_for(root.tmp_bytes), root.owner));
  WICK_CHECK(mount_memory("/dev/shm", kSharedMemoryBytes, kSharedMemoryInodes, root.owner));
  WICK_CHECK(mount_proc());
  if (root.name_server) {
    WICK_TRY(const UniqueFd file, copy_tree(AT_FDCWD, "/etc/resolv.outside.conf"));
    WICK_CHECK(attach(file, AT_FDCWD, "/etc/resolv.conf"));
  }
  if (umount2("/host", MNT_DETACH) != 0) return fail_errno("detach", "/host");
  return {};
}

}  // namespace wick::sandbox::warden
