#pragma once
// An instance's file system: a copy of the base root (base_root.h) with its own mounts in their places. Everything is read-only
// but /tmp and /dev/shm, which are memory, of bounded size, and gone with the instance.
#include <cstdint>
#include <string>

#include "base/result.h"

namespace wick::sandbox::warden {

struct InstanceRoot {
  std::string package;   // under /host, mounted at /var/task
  std::string layers;    // under /host, mounted at /opt; empty for none
  std::string runtime;   // under /host, mounted at /var/runtime; empty for none
  std::string language;  // under /host, mounted at /var/lang; empty for none
  std::uint64_t tmp_bytes = 0;
  std::uint32_t owner = 0;   // of /tmp and /dev/shm, a number of the present user namespace
  bool name_server = false;  // whether /etc/resolv.conf names the outside network's (outside_network.h)
};

// For a process in a mount namespace of its own, and in the pid namespace that /proc is to show. /host, and with it every path to
// the host, is gone afterwards. Error: not_found where a named folder is not there.
Result<> enter_instance_root(const InstanceRoot& root);

}  // namespace wick::sandbox::warden
