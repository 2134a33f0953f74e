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

class Forker {
 public:
  // host is an open /host, own_mounts the caller's mount namespace.
  Forker(ForkerPlan plan, UniqueFd host, UniqueFd own_mounts) : plan_(plan), host_(std::move(host)), own_mounts_(std::move(own_mounts)) {}

  // What the seat lacks for this order, the packet of a Fork (message.h), and the order to the template. Errors, after which the
  // template is none the worse: not_found (the package, the layers), io.
  Result<> prepare(const Seat& seat, std::string_view order);
  // The fork in its seat, waiting: its pid in the template's pid namespace, 0 if it has gone already. descriptors: the channel and the log.
  Result<pid_t> admit(const Seat& seat, const std::vector<UniqueFd>& doors, const std::vector<UniqueFd>& descriptors);
  // Gives it its environment.
  Result<> let_run();

 private:
  Result<> equip(const Seat& seat, std::uint64_t tmp_bytes, const std::string& package, const std::string& layers) const;
  Result<> expect_in_template(pid_t process) const;
  Result<pid_t> pid_in_template(pid_t process) const;

  ForkerPlan plan_;
  UniqueFd host_;
  UniqueFd own_mounts_;
  UniqueFd own_;             // to the fork
  std::string environment_;  // its; secret
};

}  // namespace wick::sandbox::warden
