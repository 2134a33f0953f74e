#include "invoke/engine.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <spdlog/spdlog.h>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include "invoke/admission.h"
#include "invoke/call.h"
#include "invoke/instance.h"
#include "invoke/pool.h"
#include "invoke/signal.h"
#include "invoke/spawn.h"
#include "invoke/start_gate.h"

namespace wick::invoke {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto kStartPatience = 60s;       // for an instance to become idle, or for a turn to start one; then 429
constexpr auto kEndPatience = 6s;          // in stop(), from killing the instances until all of them are gone
constexpr Millis kProvisionedInit = 130s;  // or the function's timeout if longer (AWS, "Configuring provisioned concurrency")
constexpr auto kProvisionPauseMin = 1s;    // between attempts to start a provisioned instance that fails, doubling
constexpr auto kProvisionPauseMax = 60s;
constexpr auto kProvisionedMetering = 60s;  // how often the time of provisioned concurrency is metered

using PoolPtr = std::shared_ptr<Pool>;

std::string_view state_name(Phase phase) {
  switch (phase) {
    case Phase::init:
      return "init";
    case Phase::idle:
      return "idle";
    default:
      return "busy";
  }
}

}  // namespace

class Engine::Impl final : public InstanceOwner, public std::enable_shared_from_this<Impl> {
 public:
  explicit Impl(Site site)
      : site_(std::make_shared<Site>(std::move(site))),
        admission_(site_->options.account_concurrency),
        starts_(site_->loop, site_->options.starts_at_once),
        quiet_(site_->loop) {}

  asio::awaitable<Result<Outcome>> invoke(Invocation invocation, ResponseStream* stream);
  void set_provisioned(const function::VersionPtr& version, std::uint32_t count);
  void retire(const function::FunctionName& name, const std::vector<std::string>& keep);
  asio::awaitable<void> meter_now();
  asio::awaitable<void> stop(Millis grace);
  void end_all();

  void on_settled(const InstancePtr& instance) override;
  void on_idle_timeout(const InstancePtr& instance) override;
  void on_exit(const InstancePtr& instance) override;

  const std::shared_ptr<Site> site_;
  Admission admission_;
  StartGate starts_;
  std::unordered_map<std::string, PoolPtr> pools_;  // by generation

 private:
  class Running;

  PoolPtr pool_of(const function::VersionPtr& version);
  PoolPtr find_pool(const Instance& instance) const;
  void forget_if_unused(const PoolPtr& pool);
  void release(const PoolPtr& pool, const InstancePtr& instance);
  asio::awaitable<Result<std::optional<Outcome>>> invoke_warm(PoolPtr pool, Call& call);
  asio::awaitable<Result<Outcome>> invoke_cold(PoolPtr pool, Call& call, function::VersionPtr version, StartGate::Turn turn);
  static asio::awaitable<void> keep_provisioned(std::shared_ptr<Impl> self, PoolPtr pool);
  asio::awaitable<bool> provision_one(PoolPtr pool);
  void set_target(const PoolPtr& pool, std::uint32_t count);
  void meter_provisioned(Pool& pool);
  std::vector<InstancePtr> all_instances() const;
  bool busy() const;

  Signal quiet_;               // something has ended
  std::uint32_t running_ = 0;  // calls and provisioning
  bool stopping_ = false;
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

PoolPtr Engine::Impl::pool_of(const function::VersionPtr& version) {
  PoolPtr& pool = pools_[version->generation];
  if (!pool) pool = std::make_shared<Pool>(site_->loop, version);
  return pool;
}

PoolPtr Engine::Impl::find_pool(const Instance& instance) const {
  const auto found = pools_.find(instance.version()->generation);
  return found == pools_.end() ? nullptr : found->second;
}

void Engine::Impl::forget_if_unused(const PoolPtr& pool) {
  if (pool->users == 0 && pool->all().empty() && pool->provisioned_target == 0 && !pool->keeper_runs) {
    pools_.erase(pool->version()->generation);
  }
}

asio::awaitable<Result<Outcome>> Engine::Impl::invoke(Invocation invocation, ResponseStream* stream) {
  if (!invocation.version) co_return fail(Errc::invalid_argument, "The invocation names no version");
  if (stopping_) co_return fail(Errc::unavailable, "Wick is stopping");
  const PoolPtr pool = pool_of(invocation.version);
  const Running running(shared_from_this(), pool);
  const auto kind = pool->has_idle_provisioned() ? Admission::Kind::provisioned : Admission::Kind::on_demand;
  Call call(*site_, invocation, stream);
  const auto slot = admission_.admit(invocation.version->name, kind);
  if (!slot) {
    call.not_started(slot.error());
    co_return std::unexpected(slot.error());
  }
  WICK_CO_TRY(auto warm, co_await invoke_warm(pool, call));
  if (warm) co_return std::move(*warm);
  std::optional<StartGate::Turn> turn = starts_.try_enter();
  if (!turn) {
    StartGate::Ticket ticket(starts_, invocation.version->name, *pool);
    const auto until = Signal::Time::clock::now() + kStartPatience;
    while (!(turn = ticket.turn())) {
      if (stopping_ || Signal::Time::clock::now() >= until) {
        const Error error = stopping_ ? Error{Errc::unavailable, "Wick is stopping"} : Error{Errc::throttled, std::string(kAccountLimit)};
        call.not_started(error);
        co_return std::unexpected(error);
      }
      co_await ticket.wait(until);
      WICK_CO_TRY(warm, co_await invoke_warm(pool, call));
      if (warm) co_return std::move(*warm);
    }
  }
  co_return co_await invoke_cold(pool, call, invocation.version, std::move(*turn));
}

// No outcome: no idle instance was left.
asio::awaitable<Result<std::optional<Outcome>>> Engine::Impl::invoke_warm(PoolPtr pool, Call& call) {
  while (const InstancePtr instance = pool->take()) {
    auto outcome = co_await call.warm(instance);
    release(pool, instance);
    if (!outcome || *outcome) co_return outcome;
  }
  co_return std::optional<Outcome>();
}

asio::awaitable<Result<Outcome>> Engine::Impl::invoke_cold(PoolPtr pool, Call& call, function::VersionPtr version, StartGate::Turn turn) {
  call.begin_start();
  auto booted = co_await Instance::boot(site_, weak_from_this(), version, Instance::Kind::on_demand);
  if (!booted) {
    Error& error = booted.error();
    if (error.code == Errc::failed_precondition) co_return call.not_executable(error);
    spdlog::error("no instance for {}:{}: {}", version->name.str(), version->version, error.message);
    if (error.code == Errc::throttled) error.message = kAccountLimit;
    if (error.code != Errc::unavailable && error.code != Errc::throttled) error.code = Errc::internal;
    call.not_started(error);
    co_return std::unexpected(std::move(error));
  }
  const InstancePtr instance = *booted;
  pool->add(instance);
  if (stopping_) instance->end();
  auto outcome = co_await call.cold(instance, StartLevel::boot, std::move(turn));
  release(pool, instance);
  co_return outcome;
}

// After a call or init: idle again, or its end.
void Engine::Impl::release(const PoolPtr& pool, const InstancePtr& instance) {
  const bool surplus = instance->kind() == Instance::Kind::provisioned && pool->provisioned() > pool->provisioned_target;
  if (!instance->usable() || stopping_ || pool->retired || surplus) {
    instance->end();
  } else {
    instance->rest();
    if (instance->phase() == Phase::idle) {
      pool->put(instance);
      starts_.instance_is_idle(*pool);
    }
  }
}

void Engine::Impl::on_settled(const InstancePtr& instance) {
  if (const PoolPtr pool = find_pool(*instance)) release(pool, instance);
}

void Engine::Impl::on_idle_timeout(const InstancePtr& instance) {
  instance->end();  // take() passes it over
}

void Engine::Impl::on_exit(const InstancePtr& instance) {
  if (const PoolPtr pool = find_pool(*instance)) {
    pool->remove(instance);
    forget_if_unused(pool);
  }
  quiet_.notify();
}

void Engine::Impl::set_provisioned(const function::VersionPtr& version, std::uint32_t count) {
  if (stopping_) return;
  const PoolPtr pool = pool_of(version);
  set_target(pool, count);
  if (count > 0 && !std::exchange(pool->keeper_runs, true)) {
    spawn(site_->loop, keep_provisioned(shared_from_this(), pool), "provisioned concurrency");
  }
  forget_if_unused(pool);
}

void Engine::Impl::set_target(const PoolPtr& pool, std::uint32_t count) {
  meter_provisioned(*pool);
  admission_.add_provisioned(pool->version()->name, static_cast<std::int64_t>(count) - pool->provisioned_target);
  pool->provisioned_target = count;
  for (const InstancePtr& instance : pool->idle()) {
    if (pool->provisioned() <= count) break;
    if (instance->kind() == Instance::Kind::provisioned) instance->end();
  }
  pool->changed().notify();
}

// Provisioned concurrency costs while it is asked for, whether it is used or ready.
void Engine::Impl::meter_provisioned(Pool& pool) {
  const MonoTime now = site_->clock.monotonic();
  const auto since = std::chrono::duration_cast<Millis>(now - std::exchange(pool.provisioned_metered, now));
  if (pool.provisioned_target == 0) return;
  UsageRecord record;
  record.kind = UsageRecord::Kind::provisioned;
  record.version = pool.version();
  record.time = site_->clock.now();
  record.provisioned_ms = static_cast<std::uint64_t>(since.count()) * pool.provisioned_target;
  site_->metered(std::move(record));
}

asio::awaitable<void> Engine::Impl::keep_provisioned(std::shared_ptr<Impl> self, PoolPtr pool) {
  std::chrono::seconds pause = kProvisionPauseMin;
  const auto wanted = [&] { return !self->stopping_ && pool->provisioned_target > 0; };
  while (wanted()) {
    if (pool->provisioned() >= pool->provisioned_target) {
      co_await pool->changed().wait(Signal::Time::clock::now() + kProvisionedMetering);
      self->meter_provisioned(*pool);
    } else if (co_await self->provision_one(pool)) {
      pause = kProvisionPauseMin;
    } else {
      const auto until = Signal::Time::clock::now() + pause;
      while (wanted() && Signal::Time::clock::now() < until) co_await pool->changed().wait(until);
      pause = std::min<std::chrono::seconds>(pause * 2, kProvisionPauseMax);
    }
  }
  pool->keeper_runs = false;
  self->forget_if_unused(pool);
}

asio::awaitable<bool> Engine::Impl::provision_one(PoolPtr pool) {
  const Running running(shared_from_this(), pool);
  const function::Version& version = *pool->version();
  const auto booted = co_await Instance::boot(site_, weak_from_this(), pool->version(), Instance::Kind::provisioned);
  if (!booted) {
    spdlog::error("no provisioned instance for {}:{}: {}", version.name.str(), version.version, booted.error().message);
    co_return false;
  }
  const InstancePtr instance = *booted;
  pool->add(instance);
  if (stopping_) instance->end();
  const MonoTime started = site_->clock.monotonic();
  const Reply ready = co_await instance->init(std::max<Millis>(kProvisionedInit, std::chrono::seconds(version.timeout_s)));
  if (ready.end == Reply::End::ok) {
    co_await instance->read_usage();  // apart from that of calls
  } else {
    co_await report_failed_init(*site_, instance, ready, started);
  }
  release(pool, instance);
  co_return ready.end == Reply::End::ok;
}

void Engine::Impl::retire(const function::FunctionName& name, const std::vector<std::string>& keep) {
  std::vector<PoolPtr> leaving;
  for (const auto& [generation, pool] : pools_) {
    if (pool->version()->name == name && std::ranges::find(keep, generation) == keep.end()) leaving.push_back(pool);
  }
  for (const PoolPtr& pool : leaving) {
    pool->retired = true;
    set_target(pool, 0);
    for (const InstancePtr& instance : pool->idle()) instance->end();
    forget_if_unused(pool);
  }
}

bool Engine::Impl::busy() const {
  return running_ > 0 || std::ranges::any_of(pools_, [](const auto& entry) { return !entry.second->all().empty(); });
}

void Engine::Impl::end_all() {
  stopping_ = true;
  for (const InstancePtr& instance : all_instances()) instance->end();
}

std::vector<InstancePtr> Engine::Impl::all_instances() const {
  std::vector<InstancePtr> all;
  for (const auto& [generation, pool] : pools_) all.insert(all.end(), pool->all().begin(), pool->all().end());
  return all;
}

asio::awaitable<void> Engine::Impl::meter_now() {
  for (const InstancePtr& instance : all_instances()) {
    if (instance->metering()) co_await instance->read_usage();
  }
  for (const auto& [generation, pool] : pools_) meter_provisioned(*pool);
}

asio::awaitable<void> Engine::Impl::stop(Millis grace) {
  const auto self = shared_from_this();
  stopping_ = true;
  starts_.wake_all();
  std::vector<InstancePtr> idle;
  for (const auto& [generation, pool] : pools_) {
    meter_provisioned(*pool);
    pool->changed().notify();
    for (const InstancePtr& instance : pool->idle()) idle.push_back(instance);
  }
  for (const InstancePtr& instance : idle) instance->end();

  auto until = Signal::Time::clock::now() + grace;
  while (running_ > 0 && Signal::Time::clock::now() < until) co_await quiet_.wait(until);
  end_all();
  until = Signal::Time::clock::now() + kEndPatience;
  while (busy() && Signal::Time::clock::now() < until) co_await quiet_.wait(until);
  if (busy()) spdlog::error("instances did not end in time");
  for (const InstancePtr& instance : all_instances()) instance->close_meter();
}

Engine::Engine(asio::any_io_executor loop, sandbox::Backend& backend, function::Packages& packages, WorkerPool& pool, const Clock& clock,
               EngineOptions options, std::function<void(LogEvent)> log, OnUsage metered)
    : impl_(std::make_shared<Impl>(
          Site{std::move(loop), backend, packages, pool, clock, std::move(options), std::move(log), std::move(metered), {}, {}, {}})) {}

Engine::~Engine() { impl_->end_all(); }

void Engine::set_instance_api(InstanceApi api, http::BodyLimit body_limit, std::shared_ptr<http::BodyBudget> bodies) {
  impl_->site_->api = std::move(api);
  impl_->site_->api_body_limit = std::move(body_limit);
  impl_->site_->api_bodies = std::move(bodies);
}

asio::awaitable<Result<Outcome>> Engine::invoke(Invocation invocation, ResponseStream* stream) {
  // The function runs to its end even if its caller is cancelled.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  auto outcome = co_await impl_->invoke(std::move(invocation), stream);
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  co_return outcome;
}

void Engine::set_reserved_concurrency(const function::FunctionName& name, std::optional<std::uint32_t> limit) {
  impl_->admission_.set_reserved(name, limit);
}

void Engine::set_provisioned_concurrency(function::VersionPtr version, std::uint32_t count) { impl_->set_provisioned(version, count); }

std::uint32_t Engine::provisioned_ready(const function::FunctionName& name, const std::string& version) const {
  std::uint32_t out = 0;
  for (const auto& [generation, pool] : impl_->pools_) {
    if (pool->version()->name == name && pool->version()->version == version) out += pool->provisioned_ready();
  }
  return out;
}

void Engine::retire(const function::FunctionName& name, const std::vector<std::string>& keep) { impl_->retire(name, keep); }

std::vector<InstanceInfo> Engine::instances() const {
  std::vector<InstanceInfo> out;
  for (const auto& [generation, pool] : impl_->pools_) {
    for (const InstancePtr& instance : pool->all()) {
      const function::Version& version = *instance->version();
      if (instance->usable() || instance->phase() == Phase::init) {
        out.push_back({version.name, version.version, instance->id().str(), std::string(state_name(instance->phase()))});
      }
    }
  }
  return out;
}

asio::awaitable<void> Engine::meter_now() { return impl_->meter_now(); }

asio::awaitable<void> Engine::stop(Millis grace) { return impl_->stop(grace); }

}  // namespace wick::invoke
