#include "world.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/timer.h"
#include "base/worker_pool.h"
#include "function/custom_runtime.h"
#include "invoke/engine.h"
#include "ledger.h"
#include "machine.h"
#include "plan.h"

namespace wick::sim {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

class LoopTime final : public Clock {
 public:
  WallTime now() const override {
    return WallTime(std::chrono::hours(500'000) + std::chrono::duration_cast<Micros>(LoopClock::now().time_since_epoch()));
  }
  MonoTime monotonic() const override { return MonoTime(LoopClock::now().time_since_epoch()); }
};

// A caller that takes the answer in a stream, and may be slow or go away.
class Reader final : public invoke::ResponseStream {
 public:
  Reader(asio::io_context& loop, Chance& chance, const Callers& callers, std::string expected) : loop_(loop), expected_(std::move(expected)) {
    if (chance.percent(callers.slow)) pause_ = chance.in(callers.pause);
    if (chance.percent(callers.hang_up)) stays_for_ = chance.between(0, 1);
  }
  Micros longest() const { return pause_ * kPieces; }
  // What it has gone away from counts as received.
  const std::string& received() const { return is_gone_ ? expected_ : received_; }

  asio::awaitable<Result<>> begin(std::string) override { return take({}); }
  asio::awaitable<Result<>> write(std::string chunk) override { return take(std::move(chunk)); }

 private:
  static constexpr int kPieces = 4;  // as many as a runtime sends, and the beginning

  asio::awaitable<Result<>> take(std::string chunk) {
    if (pause_ > 0us) {
      Timer timer(loop_, LoopClock::now() + pause_);
      (void)co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    received_ += chunk;
    is_gone_ = stays_for_-- == 0;
    if (is_gone_) co_return fail(Errc::unavailable, "the caller is gone");
    co_return Result<>();
  }

  asio::io_context& loop_;
  const std::string expected_;
  std::string received_;
  Micros pause_{};
  std::uint32_t stays_for_ = ~0U;  // pieces
  bool is_gone_ = false;
};

struct Function {
  const FunctionPlan* plan = nullptr;
  std::string name;
  std::vector<function::VersionPtr> versions;  // called at random, the first ones more often: as aliases with weights do
  std::optional<std::uint32_t> reserved;
  std::uint32_t provisioned = 0;
};

class World {
 public:
  World(std::uint64_t seed, const Ground& ground, Fault fault, bool verbose);
  Verdict run();

 private:
  invoke::EngineOptions options();
  std::shared_ptr<function::Version> make_version(const Function& function, int number);
  void start(asio::awaitable<void> task) { asio::co_spawn(loop_, std::move(task), rethrow); }
  asio::awaitable<void> pause(Micros time);
  bool on() const { return !over_ && LoopClock::now() < end_ && asked_ < plan_.calls_max; }
  void metered(const invoke::UsageRecord& record);
  void set_reserved(Function& function, std::optional<std::uint32_t> limit);
  void call(Function& function);
  asio::awaitable<void> one_call(function::VersionPtr version, std::string id, std::shared_ptr<Reader> reader);
  asio::awaitable<void> give_up(std::shared_ptr<asio::cancellation_signal> caller);
  asio::awaitable<void> steady(Function& function);
  asio::awaitable<void> bursts();
  asio::awaitable<void> updates();
  asio::awaitable<void> limits();
  asio::awaitable<void> onlookers();
  asio::awaitable<void> finish();
  void update(Function& function);
  void provision(Function& function, std::uint32_t count);
  void check_nothing_is_left();
  void live(Verdict& out);

  Chance chance_;
  const Plan plan_;
  Ledger ledger_;
  VirtualTime time_;
  const LoopTime clock_;
  asio::io_context loop_{1};
  WorkerPool workers_{0};
  const Ground& ground_;
  const Fault fault_;
  std::vector<Function> functions_;
  std::vector<std::weak_ptr<const function::Version>> all_versions_;
  SimMachine machine_;
  std::unique_ptr<invoke::Engine> engine_;
  const LoopClock::time_point begin_ = LoopClock::now();
  const LoopClock::time_point end_;
  std::uint32_t asked_ = 0;
  int generations_ = 0;
  int records_ = 0;
  bool over_ = false;
  bool finished_ = false;
};

World::World(std::uint64_t seed, const Ground& ground, Fault fault, bool verbose)
    : chance_(seed),
      plan_(Plan::of(chance_)),
      ledger_(plan_, verbose),
      ground_(ground),
      fault_(fault),
      machine_(
          loop_.get_executor(), seed, plan_,
          [this](const std::string& name) -> const FunctionPlan& { return plan_.functions.at(std::stoul(name.substr(1))); }, clock_, ledger_, fault),
      end_(begin_ + plan_.duration) {
  engine_ = std::make_unique<invoke::Engine>(
      loop_.get_executor(), machine_, ground.packages, workers_, clock_, options(), [](const invoke::LogEvent&) {},
      [this](const invoke::UsageRecord& record) { metered(record); });
  for (std::size_t i = 0; i < plan_.functions.size(); ++i) {
    Function function;
    function.plan = &plan_.functions[i];
    function.name = fmt::format("f{}", i);
    for (std::uint32_t n = 0; n < function.plan->versions; ++n) function.versions.push_back(make_version(function, static_cast<int>(n)));
    functions_.push_back(std::move(function));
  }
}

invoke::EngineOptions World::options() {
  const auto millis = [](Micros time) { return std::chrono::duration_cast<Millis>(time); };
  invoke::EngineOptions out;
  out.idle_timeout = millis(plan_.idle_timeout);
  out.init_timeout = millis(plan_.init_timeout);
  out.account_concurrency = plan_.account;
  out.processors = 4;  // whatever this machine has
  out.processors = plan_.processors;
  out.starts_at_once = plan_.starts_at_once;
  out.function_access_key = out.function_secret_key = "sim";
  out.template_idle = millis(plan_.template_idle);
  out.templates_max = plan_.templates_max;
  out.template_memory_mb = 1024;
  if (fault_ == Fault::account_high) ++out.account_concurrency;
  if (fault_ == Fault::account_low) --out.account_concurrency;
  if (fault_ == Fault::idle_long) out.idle_timeout *= 2;
  out.waited_for_processor = [this] {  // a fifth of the time of every other second
    const auto time = LoopClock::now() - begin_;
    const auto whole = std::chrono::floor<std::chrono::seconds>(time);
    const auto waiting = whole.count() % 2 == 0 ? time - whole : LoopClock::duration::zero();
    return std::chrono::nanoseconds((whole.count() + 1) / 2 * std::chrono::nanoseconds(200ms) + waiting / 5);
  };
  out.memory_available = [] { return 1.0; };
  if (fault_ == Fault::no_shedding) return out;
  out.memory_available = [this] { return plan_.memory_available(std::chrono::duration_cast<Micros>(LoopClock::now() - begin_)); };
  return out;
}

std::shared_ptr<function::Version> World::make_version(const Function& function, int number) {
  auto out = std::make_shared<function::Version>();
  out->name = function::FunctionName(function.name);
  if (number > 0) out->version = std::to_string(number);
  out->generation = fmt::format("{}-{}", function.name, ++generations_);
  out->runtime = function.plan->runtime;
  out->handler = "index.handler";
  out->code = ground_.code;
  out->timeout_s = function.plan->timeout_s + (fault_ == Fault::timeout_long ? 2 : 0);
  out->snap_start = number > 1 ? "PublishedVersions" : "None";
  out->environment[kGenerationVariable] = out->generation;
  if (function.plan->is_custom()) {
    out->environment[function::kMaxConcurrencyVariable] = std::to_string(function.plan->places + (fault_ == Fault::places_high ? 1 : 0));
  }
  if (function.plan->no_bare_template) out->environment["TZ"] = "UTC";
  all_versions_.push_back(out);
  return out;
}

void World::metered(const invoke::UsageRecord& record) {
  const bool faulty = record.kind == invoke::UsageRecord::Kind::call && ++records_ % 30 == 0;
  if (faulty && fault_ == Fault::lost_record) return;
  if (faulty && fault_ == Fault::double_record) ledger_.metered(record);
  ledger_.metered(record);
}

void World::set_reserved(Function& function, std::optional<std::uint32_t> limit) {
  function.reserved = limit;
  ledger_.set_reserved(function.name, limit);
  if (limit && fault_ == Fault::reserved_high) ++*limit;
  engine_->set_reserved_concurrency(function::FunctionName(function.name), limit);
}

asio::awaitable<void> World::pause(Micros time) {
  Timer timer(loop_, LoopClock::now() + time);
  (void)co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

void World::call(Function& function) {
  ++asked_;
  std::size_t which = 0;
  while (which + 1 < function.versions.size() && chance_.percent(30)) ++which;
  const Callers& callers = plan_.callers;
  auto caller = std::make_shared<asio::cancellation_signal>();
  if (chance_.percent(callers.give_up)) start(give_up(caller));
  std::shared_ptr<Reader> reader;
  std::string id = fmt::format("00000000-0000-4000-8000-{:012}", asked_);
  if (chance_.percent(callers.streams)) reader = std::make_shared<Reader>(loop_, chance_, callers, Ledger::answer_of(id));
  asio::co_spawn(loop_, one_call(function.versions[which], std::move(id), std::move(reader)),
                 asio::bind_cancellation_slot(caller->slot(), [caller](std::exception_ptr error) { rethrow(error); }));
}

// Its coroutine is cancelled. The engine lets that change nothing.
asio::awaitable<void> World::give_up(std::shared_ptr<asio::cancellation_signal> caller) {
  co_await pause(chance_.in({1us, 5s}));
  caller->emit(asio::cancellation_type::terminal);
}

asio::awaitable<void> World::one_call(function::VersionPtr version, std::string id, std::shared_ptr<Reader> reader) {
  const std::uint32_t timeout_s = plan_.functions.at(std::stoul(version->name.str().substr(1))).timeout_s;
  ledger_.asked(id, *version, timeout_s, reader ? reader->longest() : 0us);
  invoke::Invocation invocation{invoke::RequestId(id), std::move(version), "arn:aws:lambda:us-east-1:000000000000:function:f", "{}", {}, {}};
  auto answer = co_await engine_->invoke(std::move(invocation), reader.get());
  if (answer && answer->function_error.empty() && reader) answer->payload += reader->received();
  ledger_.answered(id, answer);
}

asio::awaitable<void> World::steady(Function& function) {
  while (on()) {
    co_await pause(chance_.in(function.plan->gap));
    if (on()) call(function);
  }
}

asio::awaitable<void> World::bursts() {
  while (on()) {
    co_await pause(chance_.in(plan_.burst_gap));
    Function& function = functions_[chance_.between(0, static_cast<std::uint32_t>(functions_.size() - 1))];
    const Micros gap = chance_.percent(50) ? 0us : chance_.in({1us, 5ms});
    for (std::uint32_t n = chance_.between(2, plan_.burst_max); n > 0 && on(); --n) {
      call(function);
      if (gap > 0us) co_await pause(gap);
    }
  }
}

// A new generation of one of its versions, as UpdateFunctionCode makes it.
void World::update(Function& function) {
  const auto which = chance_.between(0, static_cast<std::uint32_t>(function.versions.size() - 1));
  if (which == 0) function.provisioned = 0;
  ledger_.retired(function.versions[which]->generation);
  function.versions[which] = make_version(function, static_cast<int>(which));
  std::vector<std::string> keep;
  for (const auto& version : function.versions) keep.push_back(version->generation);
  if (fault_ != Fault::no_retire) engine_->retire(function::FunctionName(function.name), keep);
  if (chance_.percent(70)) engine_->expect(function.versions[which]);
}

asio::awaitable<void> World::updates() {
  while (on()) {
    co_await pause(chance_.in(plan_.change_gap));
    if (on()) update(functions_[chance_.between(0, static_cast<std::uint32_t>(functions_.size() - 1))]);
  }
}

void World::provision(Function& function, std::uint32_t count) {
  function.provisioned = count;
  ledger_.set_provisioned(function.name, function.versions[0]->generation, count);
  engine_->set_provisioned_concurrency(function.versions[0], count);
}

asio::awaitable<void> World::limits() {
  for (Function& function : functions_) {
    if (function.plan->reserved) set_reserved(function, function.plan->reserved);
    if (function.plan->provisioned > 0) provision(function, function.plan->provisioned);
  }
  while (on()) {
    co_await pause(chance_.in(plan_.change_gap));
    if (!on()) break;
    Function& function = functions_[chance_.between(0, static_cast<std::uint32_t>(functions_.size() - 1))];
    if (function.plan->reserved && chance_.percent(50)) {
      const std::uint32_t limit = chance_.between(function.provisioned, std::max(function.provisioned, *function.plan->reserved));
      const std::uint32_t luck = chance_.between(0, 9);
      set_reserved(function, luck == 0 ? 0 : luck == 1 ? std::nullopt : std::optional(limit));
    } else {
      provision(function, std::min(chance_.between(0, function.plan->provisioned), function.reserved.value_or(~0U)));
    }
  }
}

// Who looks on must change nothing.
asio::awaitable<void> World::onlookers() {
  Chance chance = chance_.other();
  while (on()) {
    co_await pause(chance.in({100ms, 20s}));
    if (!on()) break;
    co_await engine_->meter_now();
    for (const Function& function : functions_) {
      (void)engine_->provisioned_ready(function.versions[0]->name, function.versions[0]->version);
      (void)engine_->template_of(*function.versions[0]);
    }
    (void)engine_->instances();
  }
}

asio::awaitable<void> World::finish() {
  if (plan_.stop_amid) {
    co_await pause(chance_.in({1s, plan_.duration}));
  } else {
    while (on() || ledger_.unanswered() > 0) co_await pause(1s);
    over_ = true;
    for (Function& function : functions_) {
      if (function.provisioned > 0) provision(function, 0);
    }
    co_await pause(plan_.idle_timeout + plan_.template_idle + 10s);  // provisioned ones may be in their init
    check_nothing_is_left();
  }
  ledger_.stopping();
  over_ = true;
  co_await engine_->stop(std::chrono::duration_cast<Millis>(plan_.grace));
  ledger_.check(machine_.processes());
  if (!machine_.processes().empty()) ledger_.breaks(fmt::format("{} instances are left after stop()", machine_.processes().size()));
  finished_ = true;
}

void World::check_nothing_is_left() {
  for (const auto& [number, process] : machine_.processes()) {
    const bool may_be = process->role == Role::bare_template || (process->role == Role::provisioned && process->state == Process::State::starting);
    if (!may_be) ledger_.breaks(fmt::format("instance {} of {} is left when nothing is asked any more", number, process->generation));
  }
}

Verdict World::run() {
  Verdict out;
  try {
    live(out);
  } catch (const std::exception& e) {
    ledger_.breaks(fmt::format("exception: {}", e.what()));
  }
  out.broken = ledger_.broken();
  out.trace = ledger_.trace();
  out.calls = asked_;
  out.seconds = std::chrono::duration<double>(LoopClock::now() - begin_).count();
  return out;
}

void World::live(Verdict& out) {
  start(limits());
  for (Function& function : functions_) start(steady(function));
  start(bursts());
  start(updates());
  start(onlookers());
  start(finish());
  while (ledger_.broken().empty() && time_.step(loop_)) {
    ++out.steps;
    ledger_.check(machine_.processes());
  }
  if (!ledger_.broken().empty()) return;
  ledger_.check_end();
  if (!finished_) ledger_.breaks("stop() has not returned");
  engine_.reset();
  while (time_.step(loop_)) {
  }
  if (!loop_.stopped()) ledger_.breaks("something waits on the loop for ever");
  functions_.clear();
  for (const auto& version : all_versions_) {
    if (const auto left = version.lock()) ledger_.breaks(left->generation + " is still held when all has ended");
  }
}

}  // namespace

Verdict run_seed(std::uint64_t seed, const Ground& ground, Fault fault, bool verbose) { return World(seed, ground, fault, verbose).run(); }

}  // namespace wick::sim
