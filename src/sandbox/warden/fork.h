#pragma once
// One fork of a template at a time, into a seat: the keeper's side of wick_fork.h, with the admission of admission.h. Everything here
// waits, without a bound of its own, for a process that may not answer: its caller is ended at a deadline.
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/warden/seat.h"

namespace wick::sandbox::warden {

struct ForkerPlan {
  int control = -1;             // the template's control socket, which knows its senders
  int proc = -1;                // an open folder /proc
  int pid_namespace = -1;       // the template's
  std::uint64_t tmp_bytes = 0;  // of the seats as they are made
};

// A fork in its seat that waits for its order.
struct WaitingFork {
  pid_t pid = 0;  // in the template's pid namespace, 0 if it has gone already
  UniqueFd own;   // to it
};

class Forker {
 public:
  // host is an open /host, own_mounts the caller's mount namespace.
  Forker(ForkerPlan plan, UniqueFd host, UniqueFd own_mounts) : plan_(plan), host_(std::move(host)), own_mounts_(std::move(own_mounts)) {}

  // The template says that it is parked, once.
  Result<> hear_parked();
  bool has_parked() const { return parked_; }

  // Errors are such that the template is not to be relied on. Waits until it is parked.
  Result<WaitingFork> fork(const Seat& seat, const std::vector<UniqueFd>& doors);
  // What the seat lacks for this order, the packet of a Fork (message.h), and the order to the fork, with the channel and the log. Errors,
  // after which the template is none the worse: not_found (the package, the layers), io (also: the fork has gone).
  Result<> give_order(const Seat& seat, const WaitingFork& fork, std::string_view order, const std::vector<UniqueFd>& descriptors);

 private:
  Result<> equip(const Seat& seat, std::uint64_t tmp_bytes, const std::string& package, const std::string& layers) const;
  Result<> expect_in_template(pid_t process) const;
  Result<pid_t> pid_in_template(pid_t process) const;

  ForkerPlan plan_;
  UniqueFd host_;
  UniqueFd own_mounts_;
  bool parked_ = false;
};

}  // namespace wick::sandbox::warden
