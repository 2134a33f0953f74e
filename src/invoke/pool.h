#pragma once
// The instances of one version's generation: which are idle, and which one is next. Plain bookkeeping; the engine decides.
#include <cstdint>
#include <vector>

#include "function/version.h"
#include "invoke/instance.h"
#include "invoke/pace.h"
#include "invoke/signal.h"
#include "invoke/waiters.h"

namespace wick::invoke {

class Pool {
 public:
  Pool(boost::asio::any_io_executor loop, const Clock& clock, std::uint32_t processors, function::VersionPtr version)
      : version_(std::move(version)), waiters_(loop, clock), pace_(processors), changed_(loop) {}

  const function::VersionPtr& version() const { return version_; }
  Signal& changed() { return changed_; }  // provisioned_target or the set of instances

  void add(InstancePtr instance) { all_.push_back(std::move(instance)); }
  void remove(const InstancePtr& instance);
  const std::vector<InstancePtr>& all() const { return all_; }  // oldest first

  // The idle instance that was used last, provisioned ones first, so that those not needed grow old; nullptr if there is none.
  InstancePtr take();
  void put(InstancePtr instance);
  bool has_idle_provisioned() const;
  std::vector<InstancePtr> idle() const;

  Waiters& waiters() { return waiters_; }  // calls that wait for an instance which another call has
  Pace& pace() { return pace_; }
  Pace::Load load() const;

  std::uint32_t provisioned() const;        // alive, initialised or not
  std::uint32_t provisioned_ready() const;  // initialised

  std::uint32_t provisioned_target = 0;
  MonoTime provisioned_metered{};  // until then the target is in usage records
  bool keeper_runs = false;        // the coroutine that keeps the target
  bool retired = false;            // no instance is kept any more
  std::uint32_t users = 0;         // calls that hold the pool
  std::uint32_t starting = 0;      // instances, for calls

 private:
  std::vector<InstancePtr>& idle_list(Instance::Kind kind) { return idle_[kind == Instance::Kind::provisioned ? 0 : 1]; }

  const function::VersionPtr version_;
  std::vector<InstancePtr> all_;
  std::vector<InstancePtr> idle_[2];  // provisioned, on demand; the one used last at the back
  Waiters waiters_;
  Pace pace_;
  Signal changed_;
};

}  // namespace wick::invoke
