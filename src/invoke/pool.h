#pragma once
// The instances of one version's generation: which have free places, and which one is next. Plain bookkeeping; the engine decides.
#include <cstdint>
#include <optional>
#include <vector>

#include "function/custom_runtime.h"
#include "function/version.h"
#include "invoke/contention.h"
#include "invoke/instance.h"
#include "invoke/pace.h"
#include "invoke/signal.h"
#include "invoke/waiters.h"
#include "invoke/watchdog.h"

namespace wick::invoke {

class Pool {
 public:
  // contention outlives it.
  Pool(boost::asio::any_io_executor loop, const Clock& clock, std::uint32_t processors, Contention& contention, function::VersionPtr version)
      : version_(std::move(version)),
        max_concurrency_(function::max_concurrency(*version_)),
        waiters_(loop, clock),
        start_waiters_(loop, clock),
        clock_(clock),
        contention_(contention),
        let_ahead_due_(loop, clock, [this] { on_let_ahead_due(); }),
        pace_(processors, max_concurrency_),
        changed_(loop) {}

  const function::VersionPtr& version() const { return version_; }
  Signal& changed() { return changed_; }  // provisioned_target or the set of usable instances

  void add(InstancePtr instance) { all_.push_back(std::move(instance)); }
  void add_taken(const InstancePtr& instance);  // ... which starts for a call that has a place of it from the beginning
  void remove(const InstancePtr& instance);
  const std::vector<InstancePtr>& all() const { return all_; }  // oldest first

  // An instance of which the caller has a place now; nullptr if none is free. Provisioned ones come before others, and the busiest of those
  // that run calls already before the idle one that was used last, so that those not needed grow old.
  InstancePtr take();
  bool give(const InstancePtr& instance);  // a place to the call that waits for one; false: none does
  void put(const InstancePtr& instance);   // for take(), while it has free places
  bool has_free_provisioned() const;
  std::vector<InstancePtr> idle() const;  // without a call

  Waiters& waiters() { return waiters_; }              // calls that wait for a place which another call has
  Waiters& start_waiters() { return start_waiters_; }  // ... for the starts of others: a place, or a template
  // Whether an instance that starts has a place for one more.
  bool has_place_in_start() const { return start_waiters_.size() < places_in_starts(); }
  std::size_t places_in_starts() const { return starting_ * (max_concurrency_ - 1); }  // beside those of the calls that they start for
  void release_waiters();
  void start_began() { ++starting_; }
  void start_ended();
  std::size_t starting() const { return starting_; }  // instances, for calls
  Pace& pace() { return pace_; }

  // These are Pace's, for what the pool and the machine are doing now.
  bool is_crowded() const;
  bool holds_back() const;
  std::optional<Pace::Patience> patience(StartLevel level) const;

  // For a place that another call gives back, until then at most (Waiters::wait); nullptr: none did. Of the calls that are held back, the one that
  // has waited longest is let ahead without a place every 25 ms, unless many start; once the pool does not hold back any more, each is, one after the
  // other.
  boost::asio::awaitable<InstancePtr> wait(MonoTime since, MonoTime until, bool held_back);

  std::uint32_t provisioned() const;        // alive, initialised or not
  std::uint32_t provisioned_ready() const;  // initialised

  std::uint32_t provisioned_target = 0;
  MonoTime provisioned_metered{};  // until then the target is in usage records
  bool keeper_runs = false;        // the coroutine that keeps the target
  bool retired = false;            // no instance is kept any more
  std::uint32_t users = 0;         // calls that hold the pool

 private:
  struct Free {                       // instances with free places
    std::vector<InstancePtr> idle;    // without a call, the one used last at the back
    std::vector<InstancePtr> shared;  // with some
  };
  Free& free_of(Instance::Kind kind) { return free_[kind == Instance::Kind::provisioned ? 0 : 1]; }
  InstancePtr taken(InstancePtr instance);
  static InstancePtr find_shared(std::vector<InstancePtr>& shared);
  Pace::Load load() const;
  void on_let_ahead_due();
  void let_ahead();

  const function::VersionPtr version_;
  const std::uint32_t max_concurrency_;
  std::vector<InstancePtr> all_;
  std::vector<InstancePtr> in_use_;  // with a call, or not free again since
  Free free_[2];                     // provisioned, on demand
  Waiters waiters_;
  Waiters start_waiters_;
  const Clock& clock_;
  Contention& contention_;
  Watchdog let_ahead_due_;
  std::size_t starting_ = 0;
  std::size_t held_back_ = 0;  // calls
  Pace pace_;
  Signal changed_;
};

}  // namespace wick::invoke
