#include "invoke/instance.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <spdlog/spdlog.h>

#include "base/worker_pool.h"
#include "function/custom_runtime.h"
#include "function/packages.h"
#include "invoke/environment.h"
#include "invoke/frame_channel.h"
#include "invoke/runtime_api.h"
#include "invoke/spawn.h"
#include "invoke/template_rules.h"
#include "invoke/utf8.h"

namespace wick::invoke {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto kOwnExit = 100ms;               // from the end of its channel until the tree's own exit, whose status tells why
constexpr auto kReadingInterval = 1s;          // of usage, while there is any
constexpr std::size_t kReadingCalls = 1024;    // or when so many wait for one
constexpr auto kExitPatience = 5s;             // from SIGKILL until everything is gone: milliseconds, unless the machine is in trouble
constexpr int kLastTurns = 16;                 // of reading its output, at its end
constexpr std::uint32_t kProcessesMax = 1024;  // processes and threads (AWS, "Lambda quotas")
constexpr std::uint64_t kMiB = 1024 * 1024;
// Of Wick's API inside: a body, those of all its connections together, and the connections, of which AWS's SDK for Node.js opens 50.
constexpr std::size_t kApiBodyMax = 16 * kMiB;
constexpr std::size_t kApiBodiesMax = 20 * kMiB;
constexpr std::size_t kApiConnections = 64;

}  // namespace

Instance::Instance(std::shared_ptr<const Site> site, std::weak_ptr<InstanceOwner> owner, function::VersionPtr version, Kind kind)
    : site_(std::move(site)),
      owner_(std::move(owner)),
      version_(std::move(version)),
      kind_(kind),
      max_concurrency_(function::max_concurrency(*version_)),
      log_stream_(new_log_stream(*version_, site_->clock.now())),
      output_(site_->loop, [this](std::string_view line) { log(std::string(line)); }),
      watchdog_(site_->loop, site_->clock, [this] { on_due(); }),
      exit_signal_(site_->loop),
      meter_(version_, site_->clock, kind_ == Kind::bare_template ? OnUsage([](const UsageRecord&) {}) : site_->metered),
      reading_due_(site_->loop, site_->clock, [this] { spawn(site_->loop, read_when_due(shared_from_this()), "usage of an instance"); }) {}

Instance::~Instance() = default;

sandbox::Limits Instance::limits() const {
  sandbox::Limits out;
  out.memory_bytes = version_->memory_mb * kMiB;
  out.cpu_millis = std::clamp<std::uint32_t>(version_->memory_mb * 1000 / 1769, 10, 6000);
  out.pids = kProcessesMax;
  out.tmp_bytes = version_->tmp_mb * kMiB;
  return out;
}

std::vector<std::string> Instance::environment(StartLevel level) const {
  std::string_view initialization = kind_ == Kind::provisioned ? kProvisioned : kOnDemand;
  const bool of_template = kind_ == Kind::version_template || level == StartLevel::version_template;
  if (of_template && has_snap_start(*version_)) initialization = kSnapStart;
  if (kind_ != Kind::bare_template) return make_environment(*version_, site_->options, log_stream_, initialization);
  return make_bare_environment(*version_);
}

asio::awaitable<Result<sandbox::Booted>> Instance::begin(Origin origin) {
  const auto self = shared_from_this();
  const auto exited = [self](sandbox::Exit exit) { self->on_exit(exit); };
  if (origin.level == StartLevel::version_template) {
    code_ = origin.parent->code_;
  } else if (kind_ != Kind::bare_template) {
    if (auto known = site_->packages.find(*version_)) {  // sooner than by way of another thread
      code_ = std::move(*known);
    } else {
      WICK_CO_TRY(code_, co_await site_->workers.run([&packages = site_->packages, version = version_] { return packages.prepare(*version); }));
    }
  }
  std::vector<std::string> variables = environment(origin.level);
  if (origin.level != StartLevel::boot) {
    sandbox::ForkSpec spec;
    spec.origin = origin.parent->id();
    if (origin.level != StartLevel::version_template) {
      spec.package = code_.package;
      spec.layers = code_.layers;
    }
    if (origin.level == StartLevel::bare_template && !is_template()) spec.share = version_->generation;
    spec.environment = environment_beyond(origin.parent->environment_, std::move(variables));
    spec.limits = limits();
    co_return co_await site_->backend.fork(std::move(spec), exited);
  }
  if (is_template()) {
    variables.push_back(kind_ == Kind::version_template ? "WICK_TEMPLATE=version" : "WICK_TEMPLATE=runtime");
    environment_ = variables;
  }
  sandbox::Spec spec;
  spec.runtime = version_->runtime;
  spec.package = code_.package;
  spec.layers = code_.layers;
  spec.environment = std::move(variables);
  spec.limits = limits();
  spec.network = site_->options.outside_network ? sandbox::Network::outside : sandbox::Network::api_only;
  if (!is_template()) spec.share = version_->generation;
  spec.is_template = is_template();
  co_return co_await site_->backend.boot(std::move(spec), exited);
}

asio::awaitable<Result<InstancePtr>> Instance::make(std::shared_ptr<const Site> site, std::weak_ptr<InstanceOwner> owner,
                                                    function::VersionPtr version, Kind kind, Origin origin) {
  const auto self = std::make_shared<Instance>(site, std::move(owner), std::move(version), kind);
  WICK_CO_TRY(auto booted, co_await self->begin(std::move(origin)));
  self->id_ = booted.id;
  if (auto attached = self->attach(std::move(booted)); !attached) {
    self->end();
    co_return std::unexpected(attached.error());
  }
  spawn(site->loop, follow_output(self), "output of an instance");
  co_return self;
}

Result<> Instance::attach(sandbox::Booted booted) {
  const std::weak_ptr<Instance> weak = weak_from_this();
  if (is_custom_runtime(*version_)) {
    const auto api = std::make_shared<RuntimeApi>(site_->loop, max_concurrency_, [weak] {
      if (const auto self = weak.lock()) self->on_ready();
    });
    channel_ = api;
    WICK_CHECK(api->open(std::move(booted.runtime_api), id_.str()));
  } else {
    const auto frames = std::make_shared<FrameChannel>(site_->loop, [this](std::string_view message) {
      output_.drain();  // what was printed before
      log(std::string(message));
    });
    channel_ = frames;
    WICK_CHECK(frames->open(std::move(booted.channel)));
  }
  WICK_CHECK(output_.open(std::move(booted.log)));
  if (booted.api && site_->api) {
    http::ServerOptions options;
    options.instance = id_.str();
    options.limits.connections = kApiConnections;
    options.limits.body_bytes = kApiBodyMax;
    options.body_limit = site_->api_body_limit;
    options.body_budget = std::make_shared<http::BodyBudget>(kApiBodiesMax, site_->api_bodies);
    api_ = std::make_unique<http::Server>(site_->loop, site_->api, options);
    WICK_CHECK(api_->adopt(std::move(booted.api)));
  }
  return {};
}

asio::awaitable<Reply> Instance::init(Millis limit) {
  Running own{nullptr, site_->clock.monotonic() + limit};
  running_.push_back(&own);
  watch();
  Reply reply = co_await channel_->init();
  std::erase(running_, &own);
  output_.drain();
  if (reply.end == Reply::End::ok && alive()) {
    site_->backend.end_init(id_);
    phase_ = Phase::idle;
    watchdog_.set(Watchdog::kNever);
    co_return reply;
  }
  if (reply.end == Reply::End::ok) reply.end = Reply::End::gone;
  if (own.timed_out) reply.end = Reply::End::timed_out;
  co_await leave(reply);
  co_return reply;
}

asio::awaitable<Reply> Instance::deliver(const Invocation& invocation, Millis limit, ResponseStream* stream) {
  phase_ = Phase::busy;
  --undelivered_;
  last_call_at_ = site_->clock.monotonic();
  Running own{&invocation, last_call_at_ + limit};
  running_.push_back(&own);
  watch();
  Reply reply = co_await channel_->deliver(invocation, unix_millis(site_->clock.now()) + limit.count(), stream);
  co_await output_.catch_up();
  std::erase(running_, &own);
  if (running_.empty()) output_.flush();  // of several, nobody knows whose it is
  if (own.timed_out) reply.end = Reply::End::timed_out;
  if (!alive()) {
    co_await leave(reply);
  } else if (!running_.empty()) {
    watch();
  } else if (channel_->ready() > 0) {
    phase_ = Phase::idle;
    watchdog_.set(Watchdog::kNever);
  } else {
    phase_ = Phase::settling;  // under the same deadline
  }
  co_return reply;
}

void Instance::watch() {
  MonoTime nearest = Watchdog::kNever;
  for (const Running* one : running_) {
    if (!one->timed_out) nearest = std::min(nearest, one->deadline);
  }
  if (nearest == Watchdog::kNever) return end();  // what is left has had its time, and only waits for its caller to read
  watchdog_.set(nearest);
}

asio::awaitable<void> Instance::leave(Reply& reply) {
  const bool no_answer = reply.end == Reply::End::gone || reply.end == Reply::End::not_taken;
  if (ending_ && no_answer) reply.end = Reply::End::cut_off;
  if (reply.end == Reply::End::gone) (void)co_await exited(kOwnExit);
  end();
}

void Instance::take() {
  ++calls_;
  ++undelivered_;
  last_call_at_ = site_->clock.monotonic();
}

void Instance::give_back() {
  if (--calls_ > 0) return;
  if (!usable()) return end();
  rest();
}

std::uint32_t Instance::free_places() const {
  if (!usable() || phase_ == Phase::init) return 0;
  const std::uint32_t ready = channel_->ready();
  return ready <= undelivered_ ? 0 : std::min(max_concurrency_ - calls_, ready - undelivered_);
}

void Instance::rest() {
  resting_since_ = site_->clock.monotonic();
  if (phase_ != Phase::idle || kind_ == Kind::provisioned) return;
  watchdog_.set(resting_since_ + site_->options.idle_timeout);
}

void Instance::on_due() {
  const auto self = shared_from_this();
  if (phase_ == Phase::idle) {
    const auto owner = owner_.lock();
    if (owner && calls_ == 0) owner->on_idle_timeout(self);
    return;
  }
  const MonoTime now = site_->clock.monotonic();
  bool others = false;
  for (Running* one : running_) {
    if (one->deadline > now) {
      others = true;
    } else if (one->invocation && channel_->has_reply(*one->invocation)) {
      one->deadline = Watchdog::kNever;
    } else {
      one->timed_out = true;
    }
  }
  if (!others) return end();
  for (const Running* one : running_) {
    if (!one->timed_out) continue;
    draining_ = true;
    channel_->give_up(*one->invocation);
  }
  watch();
}

void Instance::on_ready() {
  if (phase_ == Phase::init || !usable()) return;
  if (phase_ == Phase::settling) {
    phase_ = Phase::idle;
    watchdog_.set(Watchdog::kNever);
    if (calls_ == 0) rest();
  }
  const auto owner = owner_.lock();
  if (owner && free_places() > 0) owner->on_settled(shared_from_this());
}

void Instance::drain() {
  draining_ = true;
  if (calls_ == 0) end();
}

void Instance::end() {
  if (phase_ == Phase::ended || std::exchange(ending_, true)) return;
  watchdog_.set(Watchdog::kNever);
  site_->backend.kill(id_);
  if (channel_) channel_->close();
}

void Instance::on_exit(sandbox::Exit exit) {
  const auto self = shared_from_this();
  phase_ = Phase::ended;
  exit_ = exit;
  keep_usage(exit.memory_peak_bytes, exit.cpu_nanos);
  meter_.close();
  reading_due_.set(Watchdog::kNever);
  watchdog_.set(Watchdog::kNever);
  // Its last words, for whoever waits for the end. follow_output() takes what a flood left beyond them.
  for (int turn = 0; turn < kLastTurns && output_.drain(); ++turn) {
  }
  if (!output_.has_more()) {
    output_.flush();
    output_.close();
  }
  if (channel_) channel_->close();
  if (api_) api_->close();
  exit_signal_.notify();
  if (const auto owner = owner_.lock()) owner->on_exit(self);
}

asio::awaitable<const sandbox::Exit*> Instance::exited() { return exited(kExitPatience); }

asio::awaitable<const sandbox::Exit*> Instance::exited(Millis patience) {
  const auto until = Signal::Time::clock::now() + patience;
  while (!exit_ && Signal::Time::clock::now() < until) co_await exit_signal_.wait(until);
  co_return exit_ ? &*exit_ : nullptr;
}

std::size_t Instance::begin_call() {
  const std::size_t place = meter_.begin();
  if (place == tails_.size()) tails_.emplace_back();
  tails_[place].clear();
  return place;
}

void Instance::end_call(std::size_t place, UsageRecord call) {
  meter_.finish(place, std::move(call));
  const bool many = meter_.waiting() == kReadingCalls;
  if (phase_ == Phase::ended || meter_.waiting() == 0 || (reading_set_ && !many)) return;
  reading_set_ = true;
  reading_due_.set(many ? site_->clock.monotonic() : reading_time_ + kReadingInterval);
}

asio::awaitable<void> Instance::read_when_due(InstancePtr self) {
  if (self->metering()) co_await self->read_usage();
  self->reading_set_ = false;
}

asio::awaitable<void> Instance::read_usage() {
  reading_time_ = site_->clock.monotonic();
  const auto usage = co_await site_->backend.usage(id_);
  was_read_ = true;
  if (usage) keep_usage(usage->memory_peak_bytes, usage->cpu_nanos);
}

void Instance::keep_usage(std::uint64_t memory_peak_bytes, std::uint64_t cpu_nanos) {
  memory_peak_mb_ = std::max(memory_peak_mb_, (memory_peak_bytes + kMiB - 1) / kMiB);
  meter_.read(cpu_nanos, memory_peak_mb_);
}

void Instance::log(std::string message) {
  if (kind_ == Kind::bare_template) return spdlog::info("template of {}: {}", version_->runtime, to_valid_utf8(std::move(message)));
  for (std::size_t place = 0; place < tails_.size(); ++place) {
    if (meter_.runs(place)) keep(place, message);
  }
  emit(std::move(message));
}

void Instance::log(std::size_t place, std::string message) {
  keep(place, message);
  emit(std::move(message));
}

void Instance::keep(std::size_t place, std::string_view message) {
  std::string& tail = tails_[place];
  if (message.size() > kLogTailMax) message.remove_prefix(message.size() - kLogTailMax);
  tail.append(message).push_back('\n');
  if (tail.size() > 4 * kLogTailMax) tail.erase(0, tail.size() - kLogTailMax);
}

void Instance::emit(std::string message) {
  site_->log(LogEvent{version_->name, version_->version, log_stream_, site_->clock.now(), to_valid_utf8(std::move(message))});
}

std::string Instance::tail(std::size_t place) {
  std::string& tail = tails_[place];
  if (tail.size() > kLogTailMax) tail.erase(0, tail.size() - kLogTailMax);
  return tail;  // a copy, so that the next one finds room
}

asio::awaitable<void> Instance::follow_output(InstancePtr self) {
  LogPipe& output = self->output_;
  while (co_await output.readable()) {
    if (!output.drain() && self->phase_ == Phase::ended) output.close();
  }
  output.flush();
}

}  // namespace wick::invoke
