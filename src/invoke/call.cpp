#include "invoke/call.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "invoke/environment.h"
#include "invoke/log_lines.h"
#include "invoke/spawn.h"

namespace wick::invoke {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

Millis timeout_of(const function::Version& version) { return std::chrono::seconds(version.timeout_s); }

std::int64_t billed_millis(const Timing& timing, Instance::Kind kind) {
  if (timing.restored()) return std::max<std::int64_t>(1, timing.billed_restore_ms() + (timing.run_us + 999) / 1000);
  const std::int64_t init_us = kind == Instance::Kind::on_demand ? timing.init_us : 0;
  return std::max<std::int64_t>(1, (init_us + timing.run_us + 999) / 1000);
}

UsageRecord::End end_of(const Failure* failure) {
  if (!failure) return UsageRecord::End::success;
  return failure->status == "timeout" ? UsageRecord::End::timeout : UsageRecord::End::error;
}

}  // namespace

Call::Call(const Site& site, const Invocation& invocation, ResponseStream* stream)
    : site_(site), invocation_(invocation), version_(*invocation.version), asked_(site.clock.monotonic()), asked_time_(site.clock.now()) {
  if (stream) stream_.emplace(*stream, site.clock);
}

std::int64_t Call::micros_since(MonoTime start) const {
  return std::chrono::duration_cast<std::chrono::microseconds>(site_.clock.monotonic() - start).count();
}

// About itself, unless the version has no such line.
void Call::log(Instance& instance, std::string line) const {
  if (!line.empty()) instance.log(place_, std::move(line));
}

asio::awaitable<Result<std::optional<Outcome>>> Call::warm(InstancePtr instance) {
  place_ = instance->begin_call();
  timing_.queue_us = micros_since(asked_);
  return run(std::move(instance), timeout_of(version_));
}

void Call::begin_start() {
  start_began_ = site_.clock.monotonic();
  timing_.queue_us = micros_since(asked_);
}

asio::awaitable<Result<std::optional<Outcome>>> Call::cold(InstancePtr instance, StartLevel level, std::function<void()> init_over) {
  place_ = instance->begin_call();
  timing_.level = level;
  timing_.start_us = micros_since(start_began_);
  if (timing_.restored()) log(*instance, restore_start_line(version_, site_.options.region, site_.clock.now()));
  const MonoTime init_started = site_.clock.monotonic();
  const Millis own = site_.options.init_timeout;
  Reply ready = co_await instance->init(own + timeout_of(version_));
  timing_.init_us = micros_since(init_started);
  if (ready.end == Reply::End::gone && level != StartLevel::boot) {
    instance->give_up_call(place_);
    co_return std::nullopt;
  }
  init_over();
  if (ready.end == Reply::End::cut_off) co_return cut_off(*instance);
  if (ready.end != Reply::End::ok) co_return co_await init_failed(instance, std::move(ready));

  Millis limit = timeout_of(version_);
  const auto init = std::chrono::duration_cast<Millis>(site_.clock.monotonic() - init_started);
  if (init > own) {
    log(*instance, init_report_line(version_, timing_.init_us, "timeout", {}, site_.clock.now()));
    limit = std::max(1ms, limit - (init - own));
  }
  if (timing_.restored()) {
    log(*instance, restore_report_line(version_, timing_.restore_us(), "success", {}, site_.clock.now()));
  }
  WICK_CO_TRY(auto outcome, co_await run(instance, limit));
  if (outcome) co_return std::move(outcome);
  const sandbox::Exit* exit = nullptr;  // where the runtime has only gone back on its request, it lives
  if (!instance->alive()) exit = co_await instance->exited();
  const Failure failure = failure_of({}, invocation_.id, exit, version_.timeout_s);
  co_return conclude(*instance, {}, &failure);
}

asio::awaitable<Result<std::optional<Outcome>>> Call::run(InstancePtr instance, Millis limit) {
  log(*instance, start_line(version_, invocation_.id, site_.clock.now()));
  const MonoTime started = site_.clock.monotonic();
  Reply reply = co_await instance->deliver(invocation_, limit, stream_ ? &*stream_ : nullptr);
  answered_ = site_.clock.monotonic();
  timing_.run_us = micros_since(started);
  if (reply.end == Reply::End::not_taken) {
    if (!timing_.cold()) instance->give_up_call(place_);
    co_return std::nullopt;
  }
  if (reply.end == Reply::End::cut_off) co_return cut_off(*instance);

  const sandbox::Exit* exit = nullptr;
  if (!instance->alive()) {
    exit = co_await instance->exited();
  } else if (timing_.cold() || !instance->was_read()) {
    co_await instance->read_usage();
  }
  if (reply.end == Reply::End::ok) co_return conclude(*instance, std::move(reply.body), nullptr);
  if (reply.end == Reply::End::timed_out) timing_.run_us = std::chrono::microseconds(timeout_of(version_)).count();
  const Failure failure = failure_of(reply, invocation_.id, exit, version_.timeout_s);
  co_return conclude(*instance, {}, &failure);
}

asio::awaitable<Outcome> Call::init_failed(InstancePtr instance, Reply reply) {
  answered_ = site_.clock.monotonic();
  const auto* exit = co_await instance->exited();
  Failure failure = failure_of(reply, invocation_.id, exit, version_.timeout_s);
  if (reply.end == Reply::End::failed) failure.status = "error";
  const bool timeout = reply.end == Reply::End::timed_out;
  const std::string type = timeout ? std::string() : failure.type;
  log(*instance, timing_.restored() ? restore_report_line(version_, timing_.restore_us(), failure.status, type, site_.clock.now())
                                    : init_report_line(version_, timing_.init_us, failure.status, type, site_.clock.now()));
  log(*instance, start_line(version_, invocation_.id, site_.clock.now()));
  if (timeout) timing_.run_us = std::chrono::microseconds(timeout_of(version_)).count();
  co_return conclude(*instance, {}, &failure);
}

Outcome Call::conclude(Instance& instance, std::string payload, const Failure* failure) {
  timing_.memory_peak_mb = instance.memory_peak_mb();
  timing_.billed_ms = billed_millis(timing_, instance.kind());
  const WallTime now = site_.clock.now();
  Report report{invocation_.id, timing_, "success", {}};
  Outcome out;
  out.payload = std::move(payload);
  if (failure) {
    out.payload = failure->payload;
    out.function_error = "Unhandled";
    out.error_type = failure->type;
    report.status = failure->status;
    if (failure->status == "error") report.error_type = failure->type;
    if (!failure->log.empty()) {
      log(instance, failure->status == "timeout" ? format_iso8601_zulu(now) + " " + failure->log : failure->log);
    }
  }
  log(instance, end_line(version_, invocation_.id));
  log(instance, report_line(version_, report, now));
  out.log_tail = instance.tail(place_);
  timing_.reply_us = micros_since(answered_);
  out.timing = timing_;

  UsageRecord usage = record(end_of(failure), out.error_type);
  usage.instance = instance.id();
  usage.on_provisioned = instance.kind() == Instance::Kind::provisioned;
  usage.bytes_out += out.payload.size();
  instance.end_call(place_, std::move(usage));
  return out;
}

std::unexpected<Error> Call::cut_off(Instance& instance) {
  UsageRecord usage = record(UsageRecord::End::cut_off, {});
  usage.instance = instance.id();
  instance.end_call(place_, std::move(usage));
  return fail(Errc::unavailable, "Wick is stopping; the invocation was cut off");
}

UsageRecord Call::record(UsageRecord::End end, std::string error_type) const {
  UsageRecord out;
  out.version = invocation_.version;
  out.time = asked_time_;
  out.id = invocation_.id;
  out.end = end;
  out.error_type = std::move(error_type);
  out.timing = timing_;
  out.bytes_in = invocation_.payload.size();
  if (stream_) {
    out.timing.held_us = stream_->held_us();
    out.bytes_out = stream_->bytes();
  }
  return out;
}

void Call::not_started(const Error& error) {
  if (start_began_ != MonoTime()) timing_.start_us = micros_since(start_began_);
  site_.metered(record(error.code == Errc::throttled ? UsageRecord::End::throttled : UsageRecord::End::not_started, error.message));
}

Outcome Call::not_executable(const Error& error) {
  const Failure failure = invalid_entrypoint(invocation_.id, error.message);
  const WallTime now = site_.clock.now();
  const std::string stream = new_log_stream(version_, now);
  timing_.level = StartLevel::boot;
  timing_.init_us = micros_since(start_began_);  // AWS has it fail there
  timing_.billed_ms = billed_millis(timing_, Instance::Kind::on_demand);
  Outcome out{failure.payload, "Unhandled", failure.type, {}, timing_};
  const Report report{invocation_.id, timing_, failure.status, failure.type};
  for (const std::string& line :
       {start_line(version_, invocation_.id, now), failure.log, end_line(version_, invocation_.id), report_line(version_, report, now)}) {
    if (line.empty()) continue;
    site_.log(LogEvent{version_.name, version_.version, stream, now, line});
    out.log_tail += line + "\n";
  }
  UsageRecord usage = record(UsageRecord::End::error, failure.type);
  usage.bytes_out = out.payload.size();
  site_.metered(std::move(usage));
  return out;
}

asio::awaitable<void> report_failed_init(const Site& site, InstancePtr instance, Reply reply, MonoTime started) {
  const function::Version& version = *instance->version();
  const auto init = std::chrono::duration_cast<std::chrono::microseconds>(site.clock.monotonic() - started).count();
  const Failure failure = failure_of(reply, {}, co_await instance->exited(), version.timeout_s);
  const bool timeout = reply.end == Reply::End::timed_out;
  instance->log(init_report_line(version, init, timeout ? "timeout" : "error", timeout ? std::string() : failure.type, site.clock.now()));
}

}  // namespace wick::invoke
