#pragma once
// The simulated machine: a Backend whose instances are coroutines on the engine's loop (runtime.h), with sockets and a pipe of their own.
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "base/clock.h"
#include "fault.h"
#include "ledger.h"
#include "plan.h"
#include "sandbox/backend.h"

namespace wick::sim {

inline constexpr const char* kGenerationVariable = "SIM_GENERATION";  // in the environment of each version
inline constexpr std::uint64_t kMemoryPeak = 40 << 20;                // bytes, of every instance

void rethrow(std::exception_ptr error);  // for co_spawn: the seed ends with it

class Runtime;
using RuntimePtr = std::shared_ptr<Runtime>;

class SimMachine final : public sandbox::Backend {
 public:
  using OnExit = std::function<void(sandbox::Exit)>;

  // function: the plan of one by its name. All references outlive the machine.
  SimMachine(boost::asio::any_io_executor loop, std::uint64_t seed, const Plan& plan, std::function<const FunctionPlan&(const std::string&)> function,
             const Clock& clock, Ledger& ledger, Fault fault);
  ~SimMachine() override;

  boost::asio::awaitable<Result<sandbox::Booted>> boot(sandbox::Spec spec, OnExit on_exit) override;
  boost::asio::awaitable<Result<sandbox::Booted>> fork(sandbox::ForkSpec spec, OnExit on_exit) override;
  bool can_fork() const override { return plan_.machine.can_fork; }
  void end_init(const sandbox::InstanceId&) override {}
  void kill(const sandbox::InstanceId& id) override;
  boost::asio::awaitable<Result<sandbox::Usage>> usage(sandbox::InstanceId id) override;

  const Ledger::Processes& processes() const { return processes_; }  // that are not gone

 private:
  RuntimePtr find(const sandbox::InstanceId& id) const;
  bool full() const;
  RuntimePtr make(std::vector<std::string> environment, bool is_template, int origin, OnExit on_exit);
  sandbox::Booted begin(const RuntimePtr& runtime);
  void drop(const RuntimePtr& runtime);  // it could not be started
  void end(const RuntimePtr& runtime, int status, bool by_itself);
  boost::asio::awaitable<void> bury(RuntimePtr runtime, int status);

  const boost::asio::any_io_executor loop_;
  const std::uint64_t seed_;
  const Plan& plan_;
  const std::function<const FunctionPlan&(const std::string&)> function_;
  const Clock& clock_;
  Ledger& ledger_;
  const Fault fault_;
  int made_ = 0;
  Ledger::Processes processes_;
};

}  // namespace wick::sim
