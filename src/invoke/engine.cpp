#include "invoke/engine.h"

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include "invoke/engine_impl.h"
#include "invoke/template_rules.h"

namespace wick::invoke {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::size_t kPacesMax = 10'000;
constexpr auto kEndPatience = 6s;  // in stop(), from killing the instances until all of them are gone

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

Engine::Impl::Impl(Site site)
    : site_(std::make_shared<Site>(std::move(site))),
      admission_(site_->options.account_concurrency),
      starts_(site_->loop, site_->options.starts_at_once),
      contention_(site_->clock, site_->options.waited_for_processor),
      quiet_(site_->loop),
      memory_(site_->loop, site_->clock, site_->options.memory_available, [this](MemoryPressure::Level level) { return shed(level); }) {}

void Engine::Impl::begin() {
  templates_ = std::make_shared<Templates>(site_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->on_templates_changed();
  });
}

void Engine::Impl::on_templates_changed() {
  for (const auto& [generation, pool] : pools_) {
    if (pool->start_waiters().size() > 0 && !waits_for_template(*pool)) pool->start_waiters().release_beyond(pool->places_in_starts());
  }
  quiet_.notify();
}

PoolPtr Engine::Impl::pool_of(const function::VersionPtr& version) {
  PoolPtr& pool = pools_[version->generation];
  if (!pool) {
    pool = std::make_shared<Pool>(site_->loop, site_->clock, site_->options.processors, contention_, version);
    if (const auto known = paces_.extract(version->generation)) pool->pace() = known.mapped();
  }
  return pool;
}

PoolPtr Engine::Impl::find_pool(const Instance& instance) const {
  const auto found = pools_.find(instance.version()->generation);
  return found == pools_.end() ? nullptr : found->second;
}

void Engine::Impl::forget_if_unused(const PoolPtr& pool) {
  if (pool->users > 0 || !pool->all().empty() || pool->provisioned_target > 0 || pool->keeper_runs) return;
  const std::string& generation = pool->version()->generation;
  if (!pools_.erase(generation) || pool->retired || !pool->pace().knows_runs()) return;
  if (paces_.size() >= kPacesMax) paces_.clear();  // most of them are of generations that are gone
  paces_.insert_or_assign(generation, pool->pace());
}

void Engine::Impl::on_settled(const InstancePtr& instance) {
  if (const PoolPtr pool = find_pool(*instance)) offer(pool, instance);
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

void Engine::Impl::expect(const function::VersionPtr& version) {
  templates_->want_bare(*version);
  if (has_snap_start(*version)) templates_->want(version);
}

void Engine::Impl::retire(const function::FunctionName& name, const std::vector<std::string>& keep) {
  templates_->retire(name, keep);
  std::vector<PoolPtr> leaving;
  for (const auto& [generation, pool] : pools_) {
    if (pool->version()->name == name && std::ranges::find(keep, generation) == keep.end()) leaving.push_back(pool);
  }
  for (const PoolPtr& pool : leaving) {
    pool->retired = true;
    pool->release_waiters();
    set_target(pool, 0);
    for (const InstancePtr& instance : pool->idle()) instance->end();
    forget_if_unused(pool);
  }
}

bool Engine::Impl::busy() const {
  return running_ > 0 || templates_->busy() || std::ranges::any_of(pools_, [](const auto& entry) { return !entry.second->all().empty(); });
}

void Engine::Impl::end_all() {
  stopping_ = true;
  templates_->stop();
  for (const auto& [generation, pool] : pools_) pool->release_waiters();
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
  templates_->stop();
  std::vector<InstancePtr> idle;
  for (const auto& [generation, pool] : pools_) {
    meter_provisioned(*pool);
    pool->changed().notify();
    pool->release_waiters();  // no place will be given any more
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
          Site{std::move(loop), backend, packages, pool, clock, std::move(options), std::move(log), std::move(metered), {}, {}, {}})) {
  impl_->begin();
}

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

void Engine::expect(function::VersionPtr version) { impl_->expect(version); }

TemplateInfo Engine::template_of(const function::Version& version) const { return impl_->templates_->info(version); }

std::vector<InstanceInfo> Engine::instances() const {
  std::vector<InstanceInfo> out;
  for (const auto& [generation, pool] : impl_->pools_) {
    for (const InstancePtr& instance : pool->all()) {
      const function::Version& version = *instance->version();
      if (instance->alive() || instance->phase() == Phase::init) {
        out.push_back({version.name, version.version, instance->id().str(), std::string(state_name(instance->phase()))});
      }
    }
  }
  return out;
}

asio::awaitable<void> Engine::meter_now() { return impl_->meter_now(); }

asio::awaitable<void> Engine::stop(Millis grace) { return impl_->stop(grace); }

}  // namespace wick::invoke
