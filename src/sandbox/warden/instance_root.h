#pragma once
// An instance's file system: a copy of the base root (base_root.h) with its own mounts in their places. Everything is read-only
// but /tmp and /dev/shm, which are memory, of bounded size, and gone with the instance.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace wick::sandbox::warden {

// Where under /host the folders of these names are; empty for none.
std::string package_folder(std::string_view name);
std::string layers_folder(std::string_view name);

struct InstanceRoot {
  std::string package;   // under /host, mounted at /var/task; empty for none, as the layers
  std::string layers;    // under /host, mounted at /opt
  std::string runtime;   // under /host, mounted at /var/runtime; empty for none
  std::string language;  // under /host, mounted at /var/lang; empty for none
  std::uint64_t tmp_bytes = 0;
  std::uint32_t owner = 0;   // of /tmp and /dev/shm, a number of the present user namespace
  bool name_server = false;  // whether /etc/resolv.conf names the outside network's (outside_network.h)
};

// What each instance has to itself, made but not yet in its place.
struct OwnMounts {
  UniqueFd proc;  // of the pid namespace of its maker, who needs a whole /proc to be visible
  UniqueFd tmp;
  UniqueFd shm;
};
Result<OwnMounts> make_own_mounts(std::uint64_t tmp_bytes, std::uint32_t owner);
// In the present mount namespace, whose root is an instance's.
Result<> place_own_mounts(const OwnMounts& mounts);
// Changes the size of the /tmp there.
Result<> resize_tmp(std::uint64_t tmp_bytes);

// The package and the layers of an instance, and where they come to. host is an open /host.
struct OwnCode {
  UniqueFd package;
  UniqueFd layers;  // none for none
};
Result<OwnCode> find_own_code(int host, const std::string& package, const std::string& layers);
Result<> place_own_code(const OwnCode& code);

// For a process in a mount namespace of its own, and in the pid namespace that /proc is to show. /host, and with it every path to
// the host, is gone afterwards. Error: not_found where a named folder is not there.
Result<> enter_instance_root(const InstanceRoot& root);

}  // namespace wick::sandbox::warden
