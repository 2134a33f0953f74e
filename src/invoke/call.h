#pragma once
// One invocation on one instance: init where it is cold, START, delivery, END and REPORT, and what the caller gets of it.
//
// Deadlines: init has EngineOptions::init_timeout of its own; what it takes beyond comes off the function's timeout, in which AWS
// would start it again.
// Billed duration, as on AWS since August 2025: the invocation and, on demand, the init phase before it, rounded up to a millisecond.
// Making the sandbox and the wait for it are not billed.
// Memory: the peak of the first invocation, and of those that run beside it, is fresh; later reports say what was known about a second
// before, to spare the warm way a round trip to the warden.
// Each call that began on an instance has one usage record, with the figures of its REPORT line.
#include <functional>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "base/result.h"
#include "invoke/failure.h"
#include "invoke/instance.h"
#include "invoke/invocation.h"
#include "invoke/metered_stream.h"

namespace wick::invoke {

class Call {
 public:
  // The references and stream outlive the call. Its time begins here.
  Call(const Site& site, const Invocation& invocation, ResponseStream* stream);

  // On an instance with a place for it. No outcome: the instance went away before it had the invocation, which may be tried on another.
  // Error: unavailable, when the engine's stop() cut it off.
  boost::asio::awaitable<Result<std::optional<Outcome>>> warm(InstancePtr instance);

  // Its instance is made now; then cold(), not_executable() or not_started() follows.
  void begin_start();

  // On the instance made for it at this level; init_over is called when it is ready, or is not going to be. No outcome: it was a fork that
  // went away before it was ready, which the next level may do better; cold() may be called again.
  boost::asio::awaitable<Result<std::optional<Outcome>>> cold(InstancePtr instance, StartLevel level, std::function<void()> init_over);

  // The sandbox could not execute the function's entry point: error is the backend's.
  Outcome not_executable(const Error& error);

  // It does not run: throttled, for the reason in error, or for want of an instance.
  void not_started(const Error& error);

 private:
  boost::asio::awaitable<Result<std::optional<Outcome>>> run(InstancePtr instance, Millis limit);
  boost::asio::awaitable<Outcome> init_failed(InstancePtr instance, Reply reply);
  Outcome conclude(Instance& instance, std::string payload, const Failure* failure);
  std::unexpected<Error> cut_off(Instance& instance);
  UsageRecord record(UsageRecord::End end, std::string error_type) const;
  std::int64_t micros_since(MonoTime start) const;
  void log(Instance& instance, std::string line) const;

  const Site& site_;
  const Invocation& invocation_;
  const function::Version& version_;
  std::optional<MeteredStream> stream_;
  const MonoTime asked_;
  const WallTime asked_time_;
  std::size_t place_ = 0;  // on its instance
  MonoTime start_began_{};
  MonoTime answered_{};
  Timing timing_;
};

// Says in the function's log that an init phase apart from any call (provisioned concurrency), begun at started, has failed with reply.
boost::asio::awaitable<void> report_failed_init(const Site& site, InstancePtr instance, Reply reply, MonoTime started);

}  // namespace wick::invoke
