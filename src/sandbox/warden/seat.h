#pragma once
// The place for a fork of a template, made ahead of need (docs/decisions/021-templates.md): namespaces and mounts of an instance, a
// first process that waits in them and does nothing but reap, its control groups. The user and the pid namespace lie below the
// template's, so that a process of the template's can join.
//
// A seat is made by a process of its own, a fork of the caller's, which must hold the warden's rights and is not held up. The first
// process becomes the warden's child; it has dropped everything, cannot be traced or read, holds no descriptor, and dies with the warden.
#include <sys/types.h>

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/warden/admission.h"
#include "sandbox/warden/host.h"
#include "sandbox/warden/network.h"

namespace wick::sandbox::warden {

// The namespaces of a template, whose seats lie in or below them.
struct TemplatePlace {
  UniqueFd user, pid, mnt;
};

struct SeatPlan {
  const Host& host;
  const TemplatePlace& place;
  int proc = -1;  // an open folder /proc
  uid_t user = 0;
  std::uint64_t tmp_bytes = 0;
  bool outside = false;                // whether it is to reach the outside network
  const std::vector<UniqueFd>& doors;  // of its control groups (cgroup.h)
};

struct Seat {
  std::vector<UniqueFd> namespaces;  // in admission.h's order
  UniqueFd first_process;            // pidfd
  InstanceNetwork network;           // without ns
  UniqueFd outside;                  // lifeline of the outside network (outside.h), where there is one
  std::string cgroups;               // what /proc/PID/cgroup says of whoever is in its groups

  Namespaces numbers() const;
};

class SeatInTheMaking {
 public:
  static Result<SeatInTheMaking> begin(const SeatPlan& plan);

  // Becomes readable once finish() does not wait. A maker that takes more than two seconds is ended.
  int descriptor() const { return socket_.get(); }
  Result<Seat> finish();

 private:
  SeatInTheMaking(pid_t maker, UniqueFd socket) : maker_(maker), socket_(std::move(socket)) {}
  pid_t maker_;
  UniqueFd socket_;
};

}  // namespace wick::sandbox::warden
