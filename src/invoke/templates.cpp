#include "invoke/templates.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "invoke/call.h"
#include "invoke/log_lines.h"
#include "invoke/spawn.h"
#include "invoke/template_rules.h"
#include "invoke/utf8.h"

namespace wick::invoke {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::uint32_t kMakersMax = 2;         // on the whole machine: calls need the processors
constexpr std::uint32_t kFailuresMax = 5;       // one after another, then there is no template of this generation any more
constexpr std::chrono::seconds kPauseMin = 1s;  // before the next attempt, doubling
constexpr std::chrono::seconds kPauseMax = 60s;
constexpr std::uint32_t kBareMemoryMb = 512;
constexpr std::size_t kReasonMax = 512;  // bytes of what a runtime says

std::string bare_key(const std::string& runtime) { return "bare:" + runtime; }

function::VersionPtr bare_version(const std::string& runtime) {
  auto out = std::make_shared<function::Version>();
  out->generation = bare_key(runtime);
  out->runtime = runtime;
  out->memory_mb = kBareMemoryMb;
  return out;
}

// What a runtime says of itself is not trusted.
std::pair<bool, std::string> parse_ready(const std::string& said) {
  boost::system::error_code ec;
  const auto value = boost::json::parse(said, ec);
  const auto* object = ec ? nullptr : value.if_object();
  if (object == nullptr) return {false, "its runtime did not say whether it can be forked"};
  const auto* forkable = object->if_contains("forkable");
  if (forkable != nullptr && forkable->is_bool() && forkable->get_bool()) return {true, {}};
  const auto* reason = object->if_contains("reason");
  if (reason == nullptr || !reason->is_string()) return {false, "its runtime gave no reason"};
  return {false, to_valid_utf8(std::string(std::string_view(reason->get_string()).substr(0, kReasonMax)))};
}

}  // namespace

Templates::Templates(std::shared_ptr<const Site> site, std::function<void()> changed)
    : site_(std::move(site)), changed_(std::move(changed)), unused_(site_->loop, site_->clock, [this] { end_unused(); }) {}

Templates::EntryPtr Templates::find(const std::string& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : found->second;
}

Templates::EntryPtr Templates::find(const Origin& origin) const {
  const EntryPtr entry = origin.parent ? find(origin.parent->version()->generation) : nullptr;
  return entry && entry->instance == origin.parent ? entry : nullptr;
}

Templates::EntryPtr Templates::ready(const function::Version& version, StartLevel level) const {
  if (level == StartLevel::bare_template && !can_use_bare_template(version)) return nullptr;
  const EntryPtr entry = find(level == StartLevel::version_template ? version.generation : bare_key(version.runtime));
  return entry && entry->state == State::ready && entry->instance->usable() ? entry : nullptr;
}

Origin Templates::origin(const function::Version& version, StartLevel from) {
  for (const StartLevel level : {StartLevel::version_template, StartLevel::bare_template}) {
    if (level < from) continue;
    if (const EntryPtr entry = ready(version, level)) {
      entry->used = site_->clock.monotonic();
      return {level, entry->instance};
    }
  }
  return {};
}

StartLevel Templates::nearest(const function::Version& version) const {
  for (const StartLevel level : {StartLevel::version_template, StartLevel::bare_template}) {
    if (ready(version, level)) return level;
  }
  return StartLevel::boot;
}

bool Templates::is_coming(const function::Version& version) const {
  const auto is_making = [this](const std::string& key) {
    const EntryPtr entry = find(key);
    return entry && (entry->state == State::queued || entry->state == State::making);
  };
  return is_making(version.generation) || (can_use_bare_template(version) && is_making(bare_key(version.runtime)));
}

void Templates::served(const Origin& origin) {
  if (const EntryPtr entry = find(origin)) entry->failures = 0;
}

void Templates::failed(const Origin& origin) {
  const EntryPtr entry = find(origin);
  if (!entry) return;
  entry->instance->end();
  try_later(*entry, "its forks fail");
}

void Templates::want_bare(const function::Version& version) {
  if (can_use_bare_template(version)) want(bare_key(version.runtime), bare_version(version.runtime), Instance::Kind::bare_template);
}

void Templates::want(const function::VersionPtr& version) {
  if (why_no_template(*version).empty()) want(version->generation, version, Instance::Kind::version_template);
}

void Templates::want(const std::string& key, function::VersionPtr version, Instance::Kind kind) {
  if (stopping_ || !site_->backend.can_fork()) return;
  EntryPtr& entry = entries_[key];
  if (!entry) entry = std::make_shared<Entry>(Entry{.version = std::move(version), .kind = kind});
  if (entry->state != State::none || site_->clock.monotonic() < entry->not_before) return;
  entry->state = State::queued;
  queue_.push_back(entry);
  if (makers_ == kMakersMax) return;
  ++makers_;
  spawn(site_->loop, make_queued(shared_from_this()), "making templates");
}

asio::awaitable<void> Templates::make_queued(std::shared_ptr<Templates> self) {
  while (!self->queue_.empty()) {
    const EntryPtr entry = self->queue_.front();
    self->queue_.pop_front();
    if (!entry->gone) co_await self->make(entry);
    self->changed_();
  }
  --self->makers_;
  self->changed_();
}

asio::awaitable<void> Templates::make(EntryPtr entry) {
  entry->state = State::making;
  make_room();
  const function::Version& version = *entry->version;
  const auto made = co_await Instance::make(site_, weak_from_this(), entry->version, entry->kind);
  if (!made) {
    spdlog::warn("no template for {}:{} on {}: {}", version.name.str(), version.version, version.runtime, made.error().message);
    try_later(*entry, "it could not be started: " + made.error().message);
    co_return;
  }
  const InstancePtr& instance = *made;
  alive_.push_back(instance);
  entry->instance = instance;
  if (entry->gone || stopping_) instance->end();
  const MonoTime started = site_->clock.monotonic();
  const Reply said = co_await instance->init(site_->options.init_timeout + std::chrono::seconds(version.timeout_s));
  // One that does not park leaves at once, and may be gone before it has been heard.
  const bool heard = said.end == Reply::End::ok || (said.end == Reply::End::gone && !said.body.empty());
  if (entry->gone || stopping_) {
    instance->end();
  } else if (heard) {
    if (has_snap_start(version)) {
      const auto init = std::chrono::duration_cast<std::chrono::microseconds>(site_->clock.monotonic() - started).count();
      instance->log(init_report_line(version, init, "success", {}, site_->clock.now()));
    }
    settle(*entry, said.body);
    co_await instance->read_usage();
  } else {
    if (entry->kind == Instance::Kind::version_template) co_await report_failed_init(*site_, instance, said, started);
    instance->end();
    try_later(*entry, "its init failed");
  }
}

void Templates::settle(Entry& entry, const std::string& said) {
  auto [forkable, reason] = parse_ready(said);
  if (forkable && !entry.instance->usable()) return try_later(entry, "its template ended by itself");
  if (forkable) {
    entry.state = State::ready;
    entry.used = site_->clock.monotonic();
    end_unused();
    return;
  }
  entry.state = State::refused;
  entry.reason = std::move(reason);
  std::exchange(entry.instance, nullptr)->end();
}

void Templates::try_later(Entry& entry, std::string reason) {
  entry.instance = nullptr;
  entry.reason = std::move(reason);
  ++entry.failures;
  entry.state = entry.failures < kFailuresMax || entry.kind == Instance::Kind::bare_template ? State::none : State::refused;
  const auto pause = kPauseMin * (1U << std::min(entry.failures - 1, 6U));
  entry.not_before = site_->clock.monotonic() + std::min<std::chrono::seconds>(pause, kPauseMax);
}

void Templates::on_exit(const InstancePtr& instance) {
  std::erase(alive_, instance);
  const EntryPtr entry = find(instance->version()->generation);
  if (entry && entry->instance == instance && entry->state == State::ready) try_later(*entry, "its template ended by itself");
  changed_();
}

TemplateInfo Templates::info(const function::Version& version) const {
  if (!site_->backend.can_fork()) return {TemplateInfo::State::refused, "this machine or mode cannot fork instances"};
  if (auto reason = why_no_template(version); !reason.empty()) return {TemplateInfo::State::refused, std::move(reason)};
  const EntryPtr entry = find(version.generation);
  if (!entry) return {};
  switch (entry->state) {
    case State::none:
      return {TemplateInfo::State::none, entry->reason};
    case State::queued:
    case State::making:
      return {TemplateInfo::State::making, {}};
    case State::ready:
      return {TemplateInfo::State::ready, {}};
    case State::refused:
      break;
  }
  return {TemplateInfo::State::refused, entry->reason};
}

void Templates::retire(const function::FunctionName& name, const std::vector<std::string>& keep) {
  std::erase_if(entries_, [&](const auto& item) {
    Entry& entry = *item.second;
    if (entry.version->name != name || std::ranges::find(keep, item.first) != keep.end()) return false;
    entry.gone = true;
    drop(entry);
    return true;
  });
}

void Templates::drop(Entry& entry) {
  entry.state = State::none;
  if (const InstancePtr instance = std::exchange(entry.instance, nullptr)) instance->end();
}

Templates::EntryPtr Templates::find_least_used() const {
  EntryPtr out;
  for (const auto& [key, entry] : entries_) {
    if (entry->kind != Instance::Kind::version_template || entry->state != State::ready) continue;
    if (!out || entry->used < out->used) out = entry;
  }
  return out;
}

bool Templates::drop_least_used() {
  const EntryPtr entry = find_least_used();
  if (entry) drop(*entry);
  return entry != nullptr;
}

std::uint64_t Templates::memory_mb() const {
  std::uint64_t out = 0;
  for (const auto& [key, entry] : entries_) {
    if (entry->instance) out += entry->instance->memory_peak_mb();
  }
  return out;
}

void Templates::make_room() {
  const auto full = [this] {
    const auto count = std::ranges::count_if(entries_, [](const auto& item) { return item.second->instance != nullptr; });
    return count >= static_cast<std::ptrdiff_t>(site_->options.templates_max) || memory_mb() >= site_->options.template_memory_mb;
  };
  while (full() && drop_least_used()) {
  }
}

void Templates::end_unused() {
  const MonoTime now = site_->clock.monotonic();
  for (EntryPtr entry = find_least_used(); entry; entry = find_least_used()) {
    const MonoTime end = entry->used + site_->options.template_idle;
    if (end > now) return unused_.set(end);
    drop(*entry);
  }
}

void Templates::stop() {
  stopping_ = true;
  queue_.clear();
  for (const auto& [key, entry] : entries_) entry->gone = true;
  entries_.clear();
  const std::vector<InstancePtr> ending = alive_;
  for (const InstancePtr& instance : ending) instance->end();
}

}  // namespace wick::invoke
