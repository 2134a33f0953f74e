#pragma once
// What the warden finds and opens at start, before it serves anybody. In two modes:
//
//   as root       it keeps the few capabilities that it needs, and each instance gets a host user of its own
//   rootless      as any other user it makes itself a user namespace; all instances then are that user to the host
//
// From here on the warden sees no more of the host than its base root (base_root.h) and has no network.
#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/warden/cgroup.h"
#include "sandbox/warden/network.h"
#include "sandbox/warden/options.h"
#include "sandbox/warden/outside.h"
#include "sandbox/warden/seccomp.h"

namespace wick::sandbox::warden {

struct Host {
  Options options;
  bool own_users = false;            // whether each instance gets a user of its own
  std::unique_ptr<Cgroups> cgroups;  // null where there are none
  std::vector<std::string> missing;  // protections that are lacking, as sentences
  Networks networks;
  SyscallFilter filter;           // of instances
  SyscallFilter template_filter;  // of templates and their forks
  UniqueFd warden;                // pidfd of the calling process
  Outside outside;
  UniqueFd user_namespace;  // the warden's own, rootless
  bool can_fork = false;    // whether templates can be forked (keeper.h)
};

// Changes the calling process for good: its root, its namespaces, its capabilities. To be called once, with one thread.
Result<Host> set_up_host(Options options);

// The host's user and group of the instance in a slot, as numbers of the warden's user namespace. The range lies in the one that
// systemd sets aside for containers and is used by no account.
inline constexpr std::size_t kSlots = 16384;
uid_t user_of(const Host& host, std::size_t slot);

}  // namespace wick::sandbox::warden
