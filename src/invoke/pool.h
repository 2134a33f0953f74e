#pragma once
// The instances of one version's generation: which are idle, and which one is next. Plain bookkeeping; engine.cpp decides.
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "function/version.h"
#include "invoke/instance.h"
#include "invoke/signal.h"

namespace wick::invoke {

class Pool {
 public:
  Pool(boost::asio::any_io_executor loop, function::VersionPtr version) : version_(std::move(version)), changed_(std::move(loop)) {}

  const function::VersionPtr& version() const { return version_; }
  Signal& changed() { return changed_; }  // provisioned_target or the set of instances

  void add(InstancePtr instance) { all_.insert(std::move(instance)); }
  void remove(const InstancePtr& instance);
  const std::unordered_set<InstancePtr>& all() const { return all_; }

  // The idle instance that was used last, provisioned ones first, so that those not needed grow old; nullptr if there is none.
  InstancePtr take();
  void put(InstancePtr instance);
  bool has_idle_provisioned() const;
  std::vector<InstancePtr> idle() const;

  std::uint32_t provisioned() const;        // alive, initialised or not
  std::uint32_t provisioned_ready() const;  // initialised

  std::uint32_t provisioned_target = 0;
  MonoTime provisioned_metered{};  // until then the target is in usage records
  bool keeper_runs = false;        // the coroutine that keeps the target
  bool retired = false;            // no instance is kept any more
  std::uint32_t users = 0;         // calls that hold the pool

 private:
  std::vector<InstancePtr>& idle_list(Instance::Kind kind) { return idle_[kind == Instance::Kind::provisioned ? 0 : 1]; }

  const function::VersionPtr version_;
  std::unordered_set<InstancePtr> all_;
  std::vector<InstancePtr> idle_[2];  // provisioned, on demand; the one used last at the back
  Signal changed_;
};

}  // namespace wick::invoke
