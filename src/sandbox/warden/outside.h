#pragma once
// The outside world for instances that may reach it: slirp4netns, a TCP/IP stack in an ordinary process, carries their connections
// and looks names up as the host does. It reaches what a program of the host's own reaches, but not the host's loopback.
//
// The warden itself has no network by then, so a helper that it forks at start, and that stays in the host's network, starts one
// slirp4netns for each such instance. It takes nothing but descriptors from the warden. slirp4netns puts a system call filter on
// itself and, started by root, gives up its capabilities and its root folder; for that it has to stay user 0. Its memory and its
// connections are bounded by resource limits, not by its instance's cgroup. It ends when its instance's lifeline closes, so none
// outlives the warden.
#include "base/fd.h"
#include "base/result.h"

namespace wick::sandbox::warden {

class Outside {
 public:
  // To be called before the calling process changes its root, its network or its user namespace. Where slirp4netns or the kernel's
  // tunnel device is missing, an Outside that cannot connect: missing() says why.
  static Result<Outside> start();

  const std::string& missing() const { return missing_; }
  int descriptor() const { return helper_.get(); }  // that connect() needs in a fork of the caller; -1 for none

  // Connects a network namespace. user_namespace is the warden's own one in rootless mode, -1 otherwise. A byte comes through
  // ready, which must be a pipe's write end, once it is done; without a byte at its end it has failed. Returns the lifeline.
  Result<UniqueFd> connect(int network, int user_namespace, int ready) const;

 private:
  UniqueFd helper_;
  std::string missing_;
};

}  // namespace wick::sandbox::warden
