// Provisioned concurrency: instances of a version that are kept initialised, and what keeping them costs.
#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "invoke/engine_impl.h"
#include "invoke/spawn.h"

namespace wick::invoke {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr Millis kProvisionedInit = 130s;  // or the function's timeout if longer (AWS, "Configuring provisioned concurrency")
constexpr auto kProvisionPauseMin = 1s;    // between attempts to start a provisioned instance that fails, doubling
constexpr auto kProvisionPauseMax = 60s;
constexpr auto kProvisionedMetering = 60s;  // how often the time of provisioned concurrency is metered

}  // namespace

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
  memory_.watch();
  if (starts_.held()) co_return false;
  const Running running(shared_from_this(), pool);
  const function::Version& version = *pool->version();
  StartLevel level = StartLevel::version_template;
  for (;;) {
    const auto started = co_await start(pool->version(), Instance::Kind::provisioned, level);
    if (!started) {
      spdlog::error("no provisioned instance for {}:{}: {}", version.name.str(), version.version, started.error().message);
      co_return false;
    }
    const InstancePtr instance = started->instance;
    pool->add(instance);
    if (stopping_) instance->end();
    const MonoTime began = site_->clock.monotonic();
    const Reply ready = co_await instance->init(std::max<Millis>(kProvisionedInit, std::chrono::seconds(version.timeout_s)));
    const bool ok = ready.end == Reply::End::ok;
    const bool lost = ready.end == Reply::End::gone && started->origin.level != StartLevel::boot;
    if (ok) {
      co_await instance->read_usage();  // apart from that of calls
      on_ready(*pool, started->origin);
    } else if (!lost) {
      co_await report_failed_init(*site_, instance, ready, began);
    }
    offer(pool, instance);
    if (!lost) co_return ok;
    level = on_lost(started->origin);
  }
}

}  // namespace wick::invoke
