#include "api/lambda/activations.h"

#include <exception>
#include <utility>

#include <spdlog/spdlog.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/worker_pool.h"
#include "function/packages.h"
#include "function/registry.h"

namespace wick::api::lambda {

struct Activations::State {
  State(boost::asio::any_io_executor loop_in, WorkerPool& pool_in, function::Registry& registry_in, function::Packages& packages_in,
        std::function<void(function::VersionPtr)> active_in)
      : loop(std::move(loop_in)), pool(pool_in), registry(registry_in), packages(packages_in), active(std::move(active_in)), idle(loop) {}

  boost::asio::any_io_executor loop;
  WorkerPool& pool;
  function::Registry& registry;
  function::Packages& packages;
  std::function<void(function::VersionPtr)> active;
  boost::asio::steady_timer idle;  // cancelled when the last one is done
  std::size_t running = 0;
  bool stopping = false;

  static boost::asio::awaitable<void> run(std::shared_ptr<State> self, function::VersionPtr version) {
    bool prepared = false;
    const auto recorded = co_await self->pool.run([self, version, &prepared]() -> Result<> {
      const auto package = self->packages.prepare(*version);
      prepared = package.has_value();
      return self->registry.activated(*version, package ? Result<>() : std::unexpected(package.error()));
    });
    if (prepared && !self->stopping) self->active(version);
    if (!recorded) spdlog::error("cannot record that {}:{} is ready: {}", version->name.str(), version->version, recorded.error().message);
  }
};

Activations::Activations(boost::asio::any_io_executor loop, WorkerPool& pool, function::Registry& registry, function::Packages& packages,
                         std::function<void(function::VersionPtr)> active)
    : state_(std::make_shared<State>(std::move(loop), pool, registry, packages, std::move(active))) {}

Activations::~Activations() = default;

Result<> Activations::start() {
  WICK_TRY(const auto pending, state_->registry.pending());
  for (const auto& version : pending) begin(version);
  return {};
}

void Activations::begin(function::VersionPtr version) {
  if (state_->stopping) return;
  ++state_->running;
  auto name = version->name.str();
  boost::asio::co_spawn(state_->loop, State::run(state_, std::move(version)), [state = state_, name](const std::exception_ptr& thrown) {
    if (thrown) spdlog::error("preparing {} ended with an exception", name);
    if (--state->running == 0) state->idle.cancel();
  });
}

boost::asio::awaitable<void> Activations::stop() {
  auto state = state_;
  state->stopping = true;
  while (state->running > 0) {
    state->idle.expires_after(std::chrono::hours(1));
    co_await state->idle.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }
}

}  // namespace wick::api::lambda
