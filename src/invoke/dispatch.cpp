// A call's way to its instance: one with a free place, one that will have one sooner than a new one could be ready, or a new one from the
// nearest level there is.
#include <utility>

#include <spdlog/spdlog.h>

#include "invoke/engine_impl.h"

namespace wick::invoke {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto kStartPatience = 60s;    // for a place on an instance, or for a turn to start one; then 429
constexpr int kBusyWaits = 4;           // of one call, for instances that are busy
constexpr auto kTemplatePatience = 2s;  // for one that is being made
constexpr int kStartWaits = 2;          // of one call, for the starts of others: one that fails may be chance

StartLevel next_level(StartLevel level) { return level == StartLevel::version_template ? StartLevel::bare_template : StartLevel::boot; }

}  // namespace

// A start of a pool, until the instance is ready or is not going to be.
class Engine::Impl::Starting {
 public:
  Starting(PoolPtr pool, StartGate::Turn turn) : pool_(std::move(pool)), turn_(std::move(turn)) { pool_->start_began(); }
  ~Starting() { pool_->start_ended(); }
  Starting(const Starting&) = delete;
  Starting& operator=(const Starting&) = delete;

 private:
  PoolPtr pool_;
  StartGate::Turn turn_;
};

asio::awaitable<Result<Outcome>> Engine::Impl::invoke(Invocation invocation, ResponseStream* stream) {
  if (!invocation.version) co_return fail(Errc::invalid_argument, "The invocation names no version");
  if (stopping_) co_return fail(Errc::unavailable, "Wick is stopping");
  const PoolPtr pool = pool_of(invocation.version);
  const Running running(shared_from_this(), pool);
  const auto kind = pool->has_free_provisioned() ? Admission::Kind::provisioned : Admission::Kind::on_demand;
  Call call(*site_, invocation, stream);
  const auto slot = admission_.admit(invocation.version->name, kind);
  if (!slot) {
    call.not_started(slot.error());
    co_return std::unexpected(slot.error());
  }
  std::optional<Outcome> warm;
  if (!pool->is_crowded()) {
    WICK_CO_TRY(warm, co_await invoke_warm(pool, call));
    if (warm) co_return std::move(*warm);
  }
  WICK_CO_TRY(warm, co_await invoke_when_forkable(pool, call));
  if (warm) co_return std::move(*warm);
  WICK_CO_TRY(warm, co_await invoke_when_free(pool, call));
  if (warm) co_return std::move(*warm);
  WICK_CO_TRY(warm, co_await invoke_warm(pool, call));
  if (warm) co_return std::move(*warm);
  WICK_CO_TRY(warm, co_await invoke_when_started(pool, call));
  if (warm) co_return std::move(*warm);
  WICK_CO_TRY(warm, co_await invoke_warm(pool, call));
  if (warm) co_return std::move(*warm);
  memory_.watch();
  std::optional<StartGate::Turn> turn;
  if (!stopping_) turn = starts_.try_enter();
  if (!turn) {
    std::optional<StartGate::Ticket> ticket(std::in_place, starts_, invocation.version->name, *pool);
    const auto until = Signal::Time::clock::now() + kStartPatience;
    while (!(turn = ticket->turn())) {
      if (stopping_ || Signal::Time::clock::now() >= until) {
        const Error error = stopping_ ? Error{Errc::unavailable, "Wick is stopping"} : Error{Errc::throttled, std::string(kAccountLimit)};
        call.not_started(error);
        co_return std::unexpected(error);
      }
      co_await ticket->wait(until);
      while (const InstancePtr instance = pool->take()) {
        ticket.reset();  // whoever runs is in nobody's way
        WICK_CO_TRY(warm, co_await invoke_on(pool, call, instance));
        if (warm) co_return std::move(*warm);
        ticket.emplace(starts_, invocation.version->name, *pool);
      }
    }
  }
  co_return co_await invoke_cold(pool, call, std::move(*turn));
}

// No outcome: the instance went away before it had the invocation.
asio::awaitable<Result<std::optional<Outcome>>> Engine::Impl::invoke_on(PoolPtr pool, Call& call, InstancePtr instance) {
  Result<std::optional<Outcome>> outcome;
  if (instance->usable()) outcome = co_await call.warm(instance);
  if (outcome && *outcome) pool->pace().ran((*outcome)->timing.run_us);
  release(pool, instance);
  co_return outcome;
}

// No outcome: no idle instance was left.
asio::awaitable<Result<std::optional<Outcome>>> Engine::Impl::invoke_warm(PoolPtr pool, Call& call) {
  while (const InstancePtr instance = pool->take()) {
    auto outcome = co_await invoke_on(pool, call, instance);
    if (!outcome || *outcome) co_return outcome;
  }
  co_return std::optional<Outcome>();
}

// No outcome: none was free, or is expected to be, sooner than a new one; or it was let ahead of others that are held back.
asio::awaitable<Result<std::optional<Outcome>>> Engine::Impl::invoke_when_free(PoolPtr pool, Call& call) {
  const MonoTime began = site_->clock.monotonic();
  bool held_back = false;
  for (int waits = 0; waits < kBusyWaits && !stopping_ && !pool->retired; ++waits) {
    const auto patience = pool->patience(templates_->nearest(*pool->version()));
    if (!patience) break;
    const MonoTime now = site_->clock.monotonic();
    const MonoTime until = (patience->held_back ? began : now) + patience->time;
    if (now >= until || (held_back && !patience->held_back)) break;
    held_back = patience->held_back;
    const InstancePtr instance = co_await pool->wait(began, until, held_back);
    if (!instance && held_back && site_->clock.monotonic() < until) break;
    if (!instance) continue;
    auto outcome = co_await invoke_on(pool, call, instance);
    if (!outcome || *outcome) co_return outcome;
  }
  co_return std::optional<Outcome>();
}

// On an instance that another call starts and that has a place for this one too. No outcome: there is none, it was lost, or its init takes
// so long that it may hang.
asio::awaitable<Result<std::optional<Outcome>>> Engine::Impl::invoke_when_started(PoolPtr pool, Call& call) {
  for (int waits = 0; waits < kStartWaits && pool->has_place_in_start() && !stopping_ && !pool->retired; ++waits) {
    const MonoTime now = site_->clock.monotonic();
    const MonoTime until = now + site_->options.init_timeout;
    const InstancePtr instance = co_await pool->start_waiters().wait(now, until);
    if (!instance && site_->clock.monotonic() >= until) break;
    if (!instance) continue;
    auto outcome = co_await invoke_on(pool, call, instance);
    if (!outcome || *outcome) co_return outcome;
  }
  co_return std::optional<Outcome>();
}

// Whether a start is better put off: as many boot as there are processors, and what can be forked instead comes soon. A hundred boots at
// once take the processors and the memory that a hundred forks do not.
bool Engine::Impl::waits_for_template(const Pool& pool) {
  const function::Version& version = *pool.version();
  if (stopping_ || pool.retired || pool.starting() < site_->options.processors) return false;
  return templates_->nearest(version) == StartLevel::boot && templates_->is_coming(version);
}

// No outcome: it can start now.
asio::awaitable<Result<std::optional<Outcome>>> Engine::Impl::invoke_when_forkable(PoolPtr pool, Call& call) {
  const MonoTime began = site_->clock.monotonic();
  const MonoTime until = began + kTemplatePatience;
  while (waits_for_template(*pool) && site_->clock.monotonic() < until) {
    InstancePtr instance = co_await pool->start_waiters().wait(began, until);
    if (!instance && !pool->is_crowded()) instance = pool->take();
    if (!instance) continue;
    auto outcome = co_await invoke_on(pool, call, instance);
    if (!outcome || *outcome) co_return outcome;
  }
  co_return std::optional<Outcome>();
}

asio::awaitable<Result<Outcome>> Engine::Impl::invoke_cold(PoolPtr pool, Call& call, StartGate::Turn turn) {
  std::optional<Starting> starting;
  starting.emplace(pool, std::move(turn));
  const function::VersionPtr version = pool->version();
  StartLevel level = StartLevel::version_template;
  call.begin_start();
  for (;;) {
    auto started = co_await start(version, Instance::Kind::on_demand, level);
    if (!started) {
      if (started.error().code == Errc::failed_precondition) co_return call.not_executable(started.error());
      const auto error = no_instance(*version, std::move(started).error());
      call.not_started(error.error());
      co_return error;
    }
    const InstancePtr instance = started->instance;
    pool->add_taken(instance);
    if (stopping_) instance->end();
    auto outcome = co_await call.cold(instance, started->origin.level, [&] {
      if (instance->alive()) on_ready(*pool, started->origin);
      offer(pool, instance);  // its other places
      starting.reset();
    });
    if (outcome && *outcome) {
      const Timing& timing = (*outcome)->timing;
      pool->pace().started(timing.level, timing.start_us + timing.init_us);
      pool->pace().ran(timing.run_us);
    }
    release(pool, instance);
    if (!outcome) co_return std::unexpected(std::move(outcome).error());
    if (*outcome) co_return std::move(**outcome);
    level = on_lost(started->origin);
  }
}

// From the nearest level there is, this one or a later one. No start fails for want of a template.
asio::awaitable<Result<Engine::Impl::Started>> Engine::Impl::start(function::VersionPtr version, Instance::Kind kind, StartLevel from) {
  for (;;) {
    const Origin origin = templates_->origin(*version, from);
    auto made = co_await Instance::make(site_, weak_from_this(), version, kind, origin);
    if (made) co_return Started{*made, origin};
    if (origin.level == StartLevel::boot || made.error().code == Errc::throttled) co_return std::unexpected(std::move(made).error());
    if (made.error().code == Errc::unavailable) templates_->failed(origin);
    spdlog::warn("no fork for {}:{}: {}", version->name.str(), version->version, made.error().message);
    from = next_level(origin.level);
  }
}

// What the next start of the version can be forked from is made now, when it takes nothing from this one.
void Engine::Impl::on_ready(const Pool& pool, const Origin& origin) {
  templates_->served(origin);
  if (memory_.level() == MemoryPressure::Level::none) {
    templates_->want_bare(*pool.version());
    if (!pool.retired) templates_->want(pool.version());
  }
  memory_.watch();
}

// A fork went away before it was ready; the level to try then. In a bare template's fork that may be the function's own doing.
StartLevel Engine::Impl::on_lost(const Origin& origin) {
  if (origin.level == StartLevel::version_template) templates_->failed(origin);
  return next_level(origin.level);
}

std::unexpected<Error> Engine::Impl::no_instance(const function::Version& version, Error error) {
  spdlog::error("no instance for {}:{}: {}", version.name.str(), version.version, error.message);
  if (error.code == Errc::throttled) error.message = kAccountLimit;
  if (error.code != Errc::unavailable && error.code != Errc::throttled) error.code = Errc::internal;
  return std::unexpected(std::move(error));
}

// After a call.
void Engine::Impl::release(const PoolPtr& pool, const InstancePtr& instance) {
  instance->give_back();
  offer(pool, instance);
}

// Its free places are for the calls that wait, then for the next ones; or it is not wanted any more.
void Engine::Impl::offer(const PoolPtr& pool, const InstancePtr& instance) {
  const bool surplus = instance->kind() == Instance::Kind::provisioned && pool->provisioned() > pool->provisioned_target;
  if (!instance->usable() || stopping_ || pool->retired || surplus) {
    instance->drain();
    pool->changed().notify();
    return;
  }
  std::uint32_t left = instance->free_places();
  while (left > 0 && starts_.instance_is_idle(*pool)) --left;  // for calls that have waited before, and wait for their turn to start one now
  const bool rests = pool->waiters().size() > 0 && pool->is_crowded() && pool->holds_back();  // the others are quicker without it
  while (!rests && left > 0 && pool->give(instance)) --left;
  pool->put(instance);
}

}  // namespace wick::invoke
