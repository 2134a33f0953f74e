#pragma once
// One invocation's way: admission, an instance (idle, or booted now), delivery under a deadline, reply, log and metering.
//
// Scaling is demand-driven: a call that finds no idle instance of its version's generation starts one at once, from the nearest level
// there is (docs/decisions/022-start-levels.md), unless a limit says 429. It waits only where that is quicker: for an instance that is
// expected to be free sooner than a new one could be ready (docs/decisions/026-few-hot-instances.md), for a template in a crowd
// (docs/decisions/027-booting-a-crowd.md), or for its turn when very many are starting already. An instance runs one invocation at a time, or
// as many as its function allows (docs/decisions/025-concurrency.md), and ends after idle_timeout without one, or earlier when memory is short.
//
// Threads: everything on one event loop; no locks. Owned by daemon/.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/clock.h"
#include "base/result.h"
#include "function/version.h"
#include "http/message.h"
#include "http/server.h"
#include "invoke/contention.h"
#include "invoke/invocation.h"
#include "invoke/memory_pressure.h"
#include "invoke/template_info.h"
#include "invoke/usage_record.h"
#include "sandbox/backend.h"

namespace wick {
class WorkerPool;
}
namespace wick::function {
class Packages;
}

namespace wick::invoke {

// AWS's Reason of a TooManyRequestsException, in Error::message of an Errc::throttled error.
inline constexpr std::string_view kReservedLimit = "ReservedFunctionConcurrentInvocationLimitExceeded";
inline constexpr std::string_view kAccountLimit = "ConcurrentInvocationLimitExceeded";

struct EngineOptions {
  std::chrono::milliseconds idle_timeout{std::chrono::minutes(10)};
  std::chrono::milliseconds init_timeout{10'000};  // what init takes beyond it comes off the function's own timeout
  std::uint32_t account_concurrency = 1000;
  std::uint32_t processors = std::max(2U, std::thread::hardware_concurrency());
  std::uint32_t starts_at_once = 16 * processors;  // boots and inits; see start_gate.h
  std::string region = "us-east-1";
  std::string account = "000000000000";
  // What code in a sandbox signs its calls of Wick's own APIs with; not empty, or SDKs there find no credentials.
  std::string function_access_key;
  std::string function_secret_key;
  bool outside_network = false;                                       // sandbox::Network::outside for every instance
  std::chrono::milliseconds template_idle{std::chrono::minutes(30)};  // a version's template ends after so long without a fork
  std::uint32_t templates_max = 256;                                  // alive at once
  std::uint64_t template_memory_mb = machine_memory_mb() / 4;         // of all templates together
  std::function<double()> memory_available = invoke::memory_available;
  Contention::Waited waited_for_processor = invoke::waited_for_processor;  // of the loop's thread
};

// Answers what code in an instance asks of Wick's own APIs on the instance's loopback (gateway/). Request::instance is set.
using InstanceApi = std::function<boost::asio::awaitable<http::Response>(http::Request)>;

// One finished log event of a function, handed on for keeping and following.
struct LogEvent {
  function::FunctionName function;
  std::string version;
  std::string instance;  // log stream
  WallTime time;
  std::string message;  // without the final newline
};

struct InstanceInfo {
  function::FunctionName function;
  std::string version;
  std::string instance;
  std::string state;  // init, busy, idle
};

class Engine {
 public:
  // All references outlive the engine. log is called for each log event, metered for each usage record: at most about a second after the
  // call, and before stop() returns. Neither may block.
  // set_instance_api() is called once, before the first invocation: the gateway is built after the engine.
  Engine(boost::asio::any_io_executor loop, sandbox::Backend& backend, function::Packages& packages, WorkerPool& pool, const Clock& clock,
         EngineOptions options, std::function<void(LogEvent)> log, OnUsage metered);
  ~Engine();
  // bodies: what the instances' requests may have together, and each.
  void set_instance_api(InstanceApi api, http::BodyLimit body_limit = {}, std::shared_ptr<http::BodyBudget> bodies = {});

  // Runs to the end even if the caller is gone. With a stream, a streaming function's output goes there as it is produced
  // and Outcome::payload stays empty; otherwise it is collected, up to kPayloadMax.
  // Errors: throttled (message is a Reason above), unavailable (stopping: it did not run, or was cut off), invalid_argument, internal.
  boost::asio::awaitable<Result<Outcome>> invoke(Invocation invocation, ResponseStream* stream = nullptr);

  // Reserved concurrency of a function; nullopt for none. Zero refuses every call.
  void set_reserved_concurrency(const function::FunctionName& name, std::optional<std::uint32_t> limit);
  // Keeps this many instances of the version initialised, as provisioned concurrency asks; 0 ends that.
  void set_provisioned_concurrency(function::VersionPtr version, std::uint32_t count);
  std::uint32_t provisioned_ready(const function::FunctionName& name, const std::string& version) const;

  // The version may be called soon: what its first start can be forked from is made in the background.
  void expect(function::VersionPtr version);
  TemplateInfo template_of(const function::Version& version) const;

  // Lets go of every instance and template of the function whose generation is not in keep: busy instances when they finish, all else now.
  void retire(const function::FunctionName& name, const std::vector<std::string>& keep);

  std::vector<InstanceInfo> instances() const;

  // Reads what the instances have used, so that every call that has its answer has its usage record when this returns.
  boost::asio::awaitable<void> meter_now();

  // Refuses new invocations and those that wait for an instance, waits for running ones at most grace, then ends all instances.
  boost::asio::awaitable<void> stop(std::chrono::milliseconds grace);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace wick::invoke
