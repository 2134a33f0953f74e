#pragma once
// The engine's inside, for the files that define it: engine.cpp (the whole), dispatch.cpp (a call's way to its instance),
// provisioned.cpp and shedding.cpp (what goes when memory is short).
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "invoke/admission.h"
#include "invoke/call.h"
#include "invoke/contention.h"
#include "invoke/engine.h"
#include "invoke/instance.h"
#include "invoke/memory_pressure.h"
#include "invoke/pool.h"
#include "invoke/signal.h"
#include "invoke/start_gate.h"
#include "invoke/templates.h"

namespace wick::invoke {

using PoolPtr = std::shared_ptr<Pool>;

class Engine::Impl final : public InstanceOwner, public std::enable_shared_from_this<Impl> {
 public:
  explicit Impl(Site site);
  void begin();  // once it is in its shared_ptr

  boost::asio::awaitable<Result<Outcome>> invoke(Invocation invocation, ResponseStream* stream);
  void expect(const function::VersionPtr& version);
  void set_provisioned(const function::VersionPtr& version, std::uint32_t count);
  void retire(const function::FunctionName& name, const std::vector<std::string>& keep);
  boost::asio::awaitable<void> meter_now();
  boost::asio::awaitable<void> stop(Millis grace);
  void end_all();

  void on_settled(const InstancePtr& instance) override;
  void on_idle_timeout(const InstancePtr& instance) override;
  void on_exit(const InstancePtr& instance) override;

  const std::shared_ptr<Site> site_;
  Admission admission_;
  StartGate starts_;
  Contention contention_;
  std::unordered_map<std::string, PoolPtr> pools_;  // by generation
  std::unordered_map<std::string, Pace> paces_;     // by generation, of versions without a pool now; a bounded number of them
  std::shared_ptr<Templates> templates_;

 private:
  class Running;
  class Starting;

  // An instance, and what it was made from.
  struct Started {
    InstancePtr instance;
    Origin origin;
  };

  PoolPtr pool_of(const function::VersionPtr& version);
  PoolPtr find_pool(const Instance& instance) const;
  void forget_if_unused(const PoolPtr& pool);
  void release(const PoolPtr& pool, const InstancePtr& instance);
  void offer(const PoolPtr& pool, const InstancePtr& instance);
  boost::asio::awaitable<Result<std::optional<Outcome>>> invoke_on(PoolPtr pool, Call& call, InstancePtr instance);
  boost::asio::awaitable<Result<std::optional<Outcome>>> invoke_warm(PoolPtr pool, Call& call);
  boost::asio::awaitable<Result<std::optional<Outcome>>> invoke_when_free(PoolPtr pool, Call& call);
  boost::asio::awaitable<Result<std::optional<Outcome>>> invoke_when_started(PoolPtr pool, Call& call);
  boost::asio::awaitable<Result<std::optional<Outcome>>> invoke_when_forkable(PoolPtr pool, Call& call);
  boost::asio::awaitable<Result<Outcome>> invoke_cold(PoolPtr pool, Call& call, StartGate::Turn turn);
  boost::asio::awaitable<Result<Started>> start(function::VersionPtr version, Instance::Kind kind, StartLevel from);
  void on_ready(const Pool& pool, const Origin& origin);
  void on_templates_changed();
  bool waits_for_template(const Pool& pool);
  StartLevel on_lost(const Origin& origin);
  static std::unexpected<Error> no_instance(const function::Version& version, Error error);

  static boost::asio::awaitable<void> keep_provisioned(std::shared_ptr<Impl> self, PoolPtr pool);
  boost::asio::awaitable<bool> provision_one(PoolPtr pool);
  void set_target(const PoolPtr& pool, std::uint32_t count);
  void meter_provisioned(Pool& pool);

  bool shed(MemoryPressure::Level level);
  std::vector<InstancePtr> resting() const;

  std::vector<InstancePtr> all_instances() const;
  bool busy() const;

  Signal quiet_;               // something has ended
  std::uint32_t running_ = 0;  // calls and provisioning
  bool stopping_ = false;
  MemoryPressure memory_;
};

// Counts a call, for stop() and so that its pool stays.
class Engine::Impl::Running {
 public:
  Running(std::shared_ptr<Impl> impl, PoolPtr pool) : impl_(std::move(impl)), pool_(std::move(pool)) {
    ++impl_->running_;
    ++pool_->users;
  }
  ~Running() {
    --impl_->running_;
    --pool_->users;
    impl_->forget_if_unused(pool_);
    impl_->quiet_.notify();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  std::shared_ptr<Impl> impl_;
  PoolPtr pool_;
};

}  // namespace wick::invoke
