#pragma once
// The place for a fork of a template, made ahead of need (docs/decisions/021-templates.md): namespaces and mounts of an instance, a
// first process that waits in them and does nothing but reap, its control groups. The user and the pid namespace lie below the
// template's, so that a process of the template's can join.
//
// Seats are made by a process of their own, one after the other, which must hold the warden's rights and holds nobody up. A seat's first
// process is the warden's child; it has dropped everything, cannot be traced or read, holds no descriptor, and dies with the warden.
#include <sys/types.h>

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/warden/admission.h"
#include "sandbox/warden/host.h"
#include "sandbox/warden/network.h"

namespace wick::sandbox::warden {

inline constexpr unsigned kSeatMaxSeconds = 2;  // after which its maker ends itself

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
  bool outside = false;      // whether it is to reach the outside network
  bool has_package = false;  // whether the template has; the forks of one without are of different functions
};

struct Seat {
  std::vector<UniqueFd> namespaces;  // in admission.h's order
  UniqueFd first_process;            // pidfd
  InstanceNetwork network;           // without ns
  UniqueFd outside;                  // lifeline of the outside network (outside.h), where there is one
  std::string cgroups;               // what /proc/PID/cgroup says of whoever is in its groups

  Namespaces numbers() const;
};

class SeatMaker {
 public:
  // The process, a child of the caller's parent, the warden. It ends with the warden, and when this goes.
  static Result<SeatMaker> start(const SeatPlan& plan);

  // One seat, in control groups of which these are the doors (cgroup.h); the next one may be ordered once it has been taken. Error: io
  // (the maker has ended).
  Result<> order(const std::vector<UniqueFd>& doors);
  // Becomes readable once take() does not wait.
  int descriptor() const { return socket_.get(); }
  // After an error another maker is to be started.
  Result<Seat> take();

 private:
  explicit SeatMaker(UniqueFd socket) : socket_(std::move(socket)) {}
  UniqueFd socket_;
};

}  // namespace wick::sandbox::warden
