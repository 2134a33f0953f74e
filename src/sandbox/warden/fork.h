#pragma once
// Forks of a template into seats, one after the other, and their orders: the warden's side of wick_fork.h, with the admission of admission.h.
// Everything of Forker's waits, without a bound of its own, for a process that may not answer: its caller is ended at a deadline.
#include <cstdint>
#include <span>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/warden/message.h"
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

// Whether its seat, whose /tmp has that size, lacks something for this order.
bool needs_equipment(const Fork& order, std::uint64_t tmp_bytes);
// The order to a fork that waits, with the channel and the log. Error: io (it has gone).
Result<> give_order(int own, const Fork& order, std::span<const UniqueFd> descriptors);

class Forker {
 public:
  // host is an open /host, own_mounts the caller's mount namespace.
  Forker(ForkerPlan plan, UniqueFd host, UniqueFd own_mounts) : plan_(plan), host_(std::move(host)), own_mounts_(std::move(own_mounts)) {}

  // The template says that it is parked, once.
  Result<> hear_parked();
  bool has_parked() const { return parked_; }

  // A fork comes in two steps, so that the next one begins while this one, which has a memory to copy first, gets to the processor. Errors
  // are such that the template is not to be relied on.
  //
  // Has it admitted, and waits until the template is parked for that. On the socket it will say that it is there.
  enum class Order { follows, later };
  Result<UniqueFd> begin(const Seat& seat, const std::vector<UniqueFd>& doors, Order order);
  // Waits until it has.
  Result<WaitingFork> finish(const Seat& seat, UniqueFd own) const;
  // Gives the seat what it lacks for this order. Errors, after which the template is none the worse: not_found (the package, the
  // layers), io.
  Result<> equip(const Seat& seat, const Fork& order) const;

 private:
  Result<> expect_in_template(pid_t process) const;
  Result<pid_t> pid_in_template(pid_t process) const;

  ForkerPlan plan_;
  UniqueFd host_;
  UniqueFd own_mounts_;
  bool parked_ = false;
};

}  // namespace wick::sandbox::warden
