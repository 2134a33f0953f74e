#include "daemon/daemon.h"

#include <csignal>

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/parts.h"
#include "function/sweep.h"

namespace wick::daemon {
namespace {

using boost::asio::awaitable;

constexpr auto kAwait = boost::asio::as_tuple(boost::asio::use_awaitable);
constexpr std::chrono::milliseconds kDrainMax{910'000};  // the longest invocation, 900 s, and its answer
constexpr std::chrono::milliseconds kAtOnce{0};
constexpr std::chrono::hours kSweepEvery{1};
constexpr std::chrono::milliseconds kLostMax{2'000};  // every call has failed by then; its caller is told so

void announce(const Config& config, const Parts& parts) {
  const api::own::DaemonInfo& info = parts.info;
  spdlog::info("wick {}, data in {}, sandbox mode: {}", info.version, config.data, info.privileged ? "privileged" : "rootless");
  for (const std::string& missing : info.missing) spdlog::warn("{}", missing);
  if (!info.credentials) spdlog::info("no credentials are configured: any access key is accepted, on loopback only");
  for (const std::string& url : info.listen) spdlog::info("listening on {}", url);
}

}  // namespace

class Daemon::Impl {
 public:
  explicit Impl(Config config) : config_(std::move(config)), signals_(loop_, SIGTERM, SIGINT) {}

  Result<> build(Startup startup) {
    WICK_TRY(parts_, Parts::make(loop_, config_, std::move(startup), [this] { warden_lost(); }));
    return {};
  }

  int run() {
    announce(config_, *parts_);
    boost::asio::co_spawn(loop_, watch_signals(), boost::asio::detached);
    boost::asio::co_spawn(loop_, sweep_hourly(), boost::asio::detached);
    loop_.run();
    return exit_status_;
  }

 private:
  awaitable<void> watch_signals() {
    if (const auto [error, signal] = co_await signals_.async_wait(kAwait); error) co_return;
    spdlog::info("draining: what runs is finished; a second signal ends it");
    boost::asio::co_spawn(loop_, drain(kDrainMax), boost::asio::detached);
    if (const auto [error, signal] = co_await signals_.async_wait(kAwait); error) co_return;
    spdlog::warn("ending what still runs");
    co_await parts_->engine->stop(kAtOnce);
  }

  // Once an event is accepted or a call is running it is finished or kept; nothing new begins.
  awaitable<void> drain(std::chrono::milliseconds grace) {
    ending_.request_stop();
    using namespace boost::asio::experimental::awaitable_operators;
    parts_->wick_api->stop();
    co_await (parts_->server->stop(grace) && parts_->queue->stop(grace));
    co_await parts_->lambda_api->stop();
    co_await parts_->engine->stop(grace);
    co_await parts_->logs->stop();
    co_await parts_->usage->stop();
    spdlog::info("ended");
    loop_.stop();
  }

  // What was deployed once and is not any more leaves the disk.
  awaitable<void> sweep_hourly() {
    for (boost::asio::steady_timer timer(loop_);;) {
      const auto swept = co_await parts_->pool->run(
          [parts = parts_.get(), stop = ending_.get_token()] { return function::sweep(*parts->registry, *parts->blobs, *parts->packages, stop); });
      if (!swept) {
        spdlog::warn("packages that nothing uses stay on disk: {}", swept.error().message);
      } else if (swept->blobs + swept->folders > 0) {
        spdlog::info("removed {} packages and {} unpacked ones that nothing uses", swept->blobs, swept->folders);
      }
      timer.expires_after(kSweepEvery);
      if (const auto [error] = co_await timer.async_wait(kAwait); error) co_return;
    }
  }

  void warden_lost() {
    spdlog::critical("the warden ended, and every instance with it: start wick serve again");
    exit_status_ = 1;
    boost::asio::co_spawn(loop_, drain(kLostMax), boost::asio::detached);
  }

  const Config config_;
  boost::asio::io_context loop_{1};
  boost::asio::signal_set signals_;
  std::unique_ptr<Parts> parts_;
  std::stop_source ending_;
  int exit_status_ = 0;
};

Daemon::Daemon(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Daemon::~Daemon() = default;

Result<std::unique_ptr<Daemon>> Daemon::make(Config config, Startup startup) {
  auto impl = std::make_unique<Impl>(std::move(config));
  WICK_CHECK(impl->build(std::move(startup)));
  return std::unique_ptr<Daemon>(new Daemon(std::move(impl)));
}

int Daemon::run() { return impl_->run(); }

}  // namespace wick::daemon
