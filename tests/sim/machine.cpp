#include "machine.h"

#include <csignal>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "custom_runtime.h"
#include "frame_runtime.h"

namespace wick::sim {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto kForkPatience = 2s;  // of the backend with a template that does not fork

std::string variable(const std::vector<std::string>& environment, std::string_view name) {
  std::string out;
  for (const std::string& one : environment) {
    if (one.starts_with(name) && one.size() > name.size() && one[name.size()] == '=') out = one.substr(name.size() + 1);
  }
  return out;
}

asio::awaitable<void> pause(Micros time) {
  Timer timer(co_await asio::this_coro::executor, LoopClock::now() + time);
  (void)co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

int number_of(const sandbox::InstanceId& id) { return static_cast<int>(std::strtol(id.str().c_str(), nullptr, 16)); }

}  // namespace

void rethrow(std::exception_ptr error) {
  if (error) std::rethrow_exception(error);
}

SimMachine::SimMachine(asio::any_io_executor loop, std::uint64_t seed, const Plan& plan,
                       std::function<const FunctionPlan&(const std::string&)> function, const Clock& clock, Ledger& ledger, Fault fault)
    : loop_(std::move(loop)), seed_(seed), plan_(plan), function_(std::move(function)), clock_(clock), ledger_(ledger), fault_(fault) {}

SimMachine::~SimMachine() = default;

RuntimePtr SimMachine::find(const sandbox::InstanceId& id) const {
  const auto found = processes_.find(number_of(id));
  return found == processes_.end() ? nullptr : std::static_pointer_cast<Runtime>(found->second);
}

bool SimMachine::full() const { return processes_.size() > plan_.machine.instances_max; }

RuntimePtr SimMachine::make(std::vector<std::string> environment, bool is_template, int origin, OnExit on_exit) {
  const int number = ++made_;
  const std::string function = variable(environment, "AWS_LAMBDA_FUNCTION_NAME");
  const FunctionPlan* plan = function.empty() ? nullptr : &function_(function);
  const Chance luck = Chance(seed_ + static_cast<std::uint64_t>(number) * 0x9e3779b97f4a7c15).other();
  RuntimePtr out;
  if (plan && plan->is_custom()) {
    out = std::make_shared<CustomRuntime>(loop_, luck, plan, clock_, ledger_, fault_);
    out->places = plan->places;
  } else {
    out = std::make_shared<FrameRuntime>(loop_, luck, plan, clock_, ledger_, fault_);
  }
  out->number = number;
  out->function = function;
  out->generation = function.empty() ? "bare" : variable(environment, kGenerationVariable);
  const bool provisioned = variable(environment, "AWS_LAMBDA_INITIALIZATION_TYPE") == "provisioned-concurrency";
  out->role = is_template ? function.empty() ? Role::bare_template : Role::version_template : provisioned ? Role::provisioned : Role::on_demand;
  out->since = LoopClock::now();
  out->environment = std::move(environment);
  out->origin = origin;
  out->on_exit = std::move(on_exit);
  out->leave = [this, weak = std::weak_ptr(out)](int status) {
    if (const auto self = weak.lock()) end(self, status, true);
  };
  processes_[number] = out;
  ledger_.start(*out);
  return out;
}

asio::awaitable<Result<sandbox::Booted>> SimMachine::boot(sandbox::Spec spec, OnExit on_exit) {
  const RuntimePtr runtime = make(std::move(spec.environment), spec.is_template, 0, std::move(on_exit));
  co_await pause(runtime->chance.in(plan_.machine.boot));
  if (full() || runtime->chance.permille(plan_.machine.boot_fails)) {
    drop(runtime);
    const std::uint32_t luck = full() ? 0 : runtime->chance.between(0, 3);
    if (luck == 0) {
      if (!runtime->is_template()) ledger_.throttled_by_machine();
      co_return fail(Errc::throttled, "too many instances");
    }
    if (luck == 1) co_return fail(Errc::failed_precondition, "no such entry point");
    co_return fail(luck == 2 ? Errc::io : Errc::unavailable, "the machine is in trouble");
  }
  co_return begin(runtime);
}

asio::awaitable<Result<sandbox::Booted>> SimMachine::fork(sandbox::ForkSpec spec, OnExit on_exit) {
  const RuntimePtr origin = find(spec.origin);
  std::vector<std::string> environment = origin ? origin->environment : std::vector<std::string>();
  environment.insert(environment.end(), spec.environment.begin(), spec.environment.end());
  const RuntimePtr runtime = make(std::move(environment), false, number_of(spec.origin), std::move(on_exit));
  if (runtime->chance.permille(plan_.machine.fork_hangs)) {
    co_await pause(kForkPatience);
    if (origin) end(origin, SIGKILL, true);
  }
  co_await pause(runtime->chance.in(plan_.machine.fork));
  const bool gone = !origin || origin->state == Process::State::dead;
  if (gone || full() || runtime->chance.permille(plan_.machine.fork_fails)) {
    drop(runtime);
    if (gone) co_return fail(Errc::unavailable, "the template is gone");
    if (!full()) co_return fail(Errc::io, "the machine is in trouble");
    ledger_.throttled_by_machine();
    co_return fail(Errc::throttled, "too many instances");
  }
  runtime->is_fork_of_version = origin->role == Role::version_template;
  co_return begin(runtime);
}

sandbox::Booted SimMachine::begin(const RuntimePtr& runtime) {
  sandbox::Booted out;
  out.id = sandbox::InstanceId(fmt::format("{:032x}", runtime->number));
  runtime->begin(out);
  if (runtime->chance.permille(plan_.machine.dies)) {
    const Micros after = runtime->chance.in(plan_.machine.dies_after);
    asio::co_spawn(loop_, runtime->die_later(after), rethrow);
  }
  return out;
}

void SimMachine::drop(const RuntimePtr& runtime) {
  runtime->state = Process::State::dead;
  ledger_.lost(*runtime, true);
  ledger_.ended(*runtime, 0);
  processes_.erase(runtime->number);
}

void SimMachine::kill(const sandbox::InstanceId& id) {
  const RuntimePtr runtime = find(id);
  if (!runtime || (fault_ == Fault::deaf_machine && runtime->number % 20 == 0)) return;
  end(runtime, SIGKILL, false);
}

void SimMachine::end(const RuntimePtr& runtime, int status, bool by_itself) {
  if (runtime->state == Process::State::dead) return;
  runtime->die();
  ledger_.lost(*runtime, by_itself);
  if (by_itself && runtime->is_template()) {
    const Ledger::Processes all = processes_;
    for (const auto& [number, process] : all) {
      const auto fork = std::static_pointer_cast<Runtime>(process);
      if (fork->origin == runtime->number && fork->has_begun) end(fork, SIGKILL, true);
    }
  }
  asio::co_spawn(loop_, bury(runtime, status), rethrow);
}

asio::awaitable<void> SimMachine::bury(RuntimePtr runtime, int status) {
  co_await pause(runtime->chance.in(plan_.machine.exit));
  processes_.erase(runtime->number);
  ledger_.ended(*runtime, runtime->cpu_nanos);
  std::exchange(runtime->on_exit, nullptr)({.status = status, .memory_peak_bytes = kMemoryPeak, .cpu_nanos = runtime->cpu_nanos});
}

asio::awaitable<Result<sandbox::Usage>> SimMachine::usage(sandbox::InstanceId id) {
  const RuntimePtr runtime = find(id);
  if (!runtime) co_return sandbox::Usage{};
  // Apart from its fate: in which order the engine reads instances is not laid down.
  Chance chance(static_cast<std::uint64_t>(runtime->number) ^ static_cast<std::uint64_t>(LoopClock::now().time_since_epoch().count()));
  co_await pause(chance.in(plan_.machine.usage));
  if (runtime->state == Process::State::dead) co_return sandbox::Usage{};
  co_return sandbox::Usage{.memory_peak_bytes = kMemoryPeak, .cpu_nanos = runtime->cpu_nanos};
}

}  // namespace wick::sim
