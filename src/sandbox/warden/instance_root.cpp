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

// No descriptor for no folder.
Result<UniqueFd> find_own(int host, const std::string& folder) {
  if (folder.empty()) return UniqueFd();
  WICK_TRY(const UniqueFd source, open_folder_beneath(host, folder));
  return copy_tree(source.get(), "");
}

Result<> place_own(const UniqueFd& mount, const char* target) { return mount ? attach(mount, AT_FDCWD, target) : Result<>(); }

Result<> mount_own(int host, const std::string& folder, const char* target) {
  WICK_TRY(const UniqueFd mount, find_own(host, folder));
  return place_own(mount, target);
}

Result<> place_proc(const UniqueFd& proc) {
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

}  // namespace

std::string package_folder(std::string_view name) { return name.empty() ? "" : "data/packages/" + std::string(name); }

std::string layers_folder(std::string_view name) { return name.empty() ? "" : "data/layers/" + std::string(name); }

Result<OwnMounts> make_own_mounts(std::uint64_t tmp_bytes, std::uint32_t owner) {
  OwnMounts mounts;
  WICK_TRY(mounts.proc, make_proc());
  WICK_TRY(mounts.tmp, make_tmpfs({.bytes = tmp_bytes, .inodes = inodes_for(tmp_bytes), .mode = "1777", .owner = owner}));
  WICK_TRY(mounts.shm, make_tmpfs({.bytes = kSharedMemoryBytes, .inodes = kSharedMemoryInodes, .mode = "1777", .owner = owner}));
  return mounts;
}

Result<> place_own_mounts(const OwnMounts& mounts) {
  WICK_CHECK(attach(mounts.tmp, AT_FDCWD, "/tmp"));
  WICK_CHECK(attach(mounts.shm, AT_FDCWD, "/dev/shm"));
  return place_proc(mounts.proc);
}

Result<> resize_tmp(std::uint64_t tmp_bytes) { return resize_tmpfs("/tmp", tmp_bytes, inodes_for(tmp_bytes)); }

Result<OwnCode> find_own_code(int host, const std::string& package, const std::string& layers) {
  OwnCode code;
  WICK_TRY(code.package, find_own(host, package));
  WICK_TRY(code.layers, find_own(host, layers));
  return code;
}

Result<> place_own_code(const OwnCode& code) {
  WICK_CHECK(place_own(code.package, "/var/task"));
  return place_own(code.layers, "/opt");
}

Result<> enter_instance_root(const InstanceRoot& root) {
  WICK_TRY(const UniqueFd host, open_folder("/host"));
  WICK_TRY(const OwnCode code, find_own_code(host.get(), root.package, root.layers));
  WICK_CHECK(place_own_code(code));
  WICK_CHECK(mount_own(host.get(), root.runtime, "/var/runtime"));
  WICK_CHECK(mount_own(host.get(), root.language, "/var/lang"));
  WICK_TRY(const OwnMounts mounts, make_own_mounts(root.tmp_bytes, root.owner));
  WICK_CHECK(place_own_mounts(mounts));
  if (root.name_server) {
    WICK_TRY(const UniqueFd file, copy_tree(AT_FDCWD, "/etc/resolv.outside.conf"));
    WICK_CHECK(attach(file, AT_FDCWD, "/etc/resolv.conf"));
  }
  if (umount2("/host", MNT_DETACH) != 0) return fail_errno("detach", "/host");
  return {};
}

}  // namespace wick::sandbox::warden
