// Registry: how event invocations of a qualifier are retried and where their outcome goes.
#include <utility>

#include <fmt/core.h>
#include <boost/json/serialize.hpp>

#include "function/json_fields.h"
#include "function/json_record.h"
#include "function/registry_impl.h"

namespace wick::function {
namespace {

std::string to_record(const EventInvokeConfig& config) {
  boost::json::object out{{"on_success_arn", config.on_success_arn},
                          {"on_failure_arn", config.on_failure_arn},
                          {"modified_us", config.modified.time_since_epoch().count()}};
  if (config.retries_max) out["retries_max"] = *config.retries_max;
  if (config.event_age_max_s) out["event_age_max_s"] = *config.event_age_max_s;
  return boost::json::serialize(out);
}

Result<EventInvokeConfig> parse(std::string_view record) {
  WICK_TRY(const auto object, parse_record(record));
  EventInvokeConfig out;
  if (member(object, "retries_max") != nullptr) out.retries_max = number<std::uint32_t>(object, "retries_max");
  if (member(object, "event_age_max_s") != nullptr) out.event_age_max_s = number<std::uint32_t>(object, "event_age_max_s");
  out.on_success_arn = text(object, "on_success_arn");
  out.on_failure_arn = text(object, "on_failure_arn");
  out.modified = WallTime(std::chrono::microseconds(number(object, "modified_us")));
  return out;
}

std::unexpected<Error> no_function() { return fail(Errc::not_found, "The function doesn't exist."); }

std::unexpected<Error> no_config(const std::string& arn) {
  return fail(Errc::not_found, fmt::format("The function {} doesn't have an EventInvokeConfig", arn));
}

}  // namespace

Result<EventInvokeConfig> Registry::put_event_invoke(const FunctionName& name, const std::string& qualifier, EventInvokeConfig config, Unset unset) {
  WICK_CHECK(impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    if (!impl_->require(tx, name, qualifier)) return no_function();
    const auto key = keys::record(keys::kEventInvoke, name, qualifier);
    WICK_TRY(const auto record, tx.get(key));
    auto next = config;
    if (unset == Unset::keep) {
      if (!record) return no_config(impl_->arn(name, qualifier));
      WICK_TRY(const auto old, parse(*record));
      if (!next.retries_max) next.retries_max = old.retries_max;
      if (!next.event_age_max_s) next.event_age_max_s = old.event_age_max_s;
      if (next.on_success_arn.empty()) next.on_success_arn = old.on_success_arn;
      if (next.on_failure_arn.empty()) next.on_failure_arn = old.on_failure_arn;
    }
    next.modified = impl_->clock.now();
    tx.put(key, to_record(next));
    config = next;
    return {};
  }));
  return config;
}

Result<EventInvokeConfig> Registry::event_invoke(const FunctionName& name, const std::string& qualifier) {
  WICK_TRY(const auto record, impl_->store.get(keys::record(keys::kEventInvoke, name, qualifier)));
  if (!record) return no_config(impl_->arn(name, qualifier));
  return parse(*record);
}

Result<> Registry::remove_event_invoke(const FunctionName& name, const std::string& qualifier) {
  return impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    const auto key = keys::record(keys::kEventInvoke, name, qualifier);
    WICK_TRY(const auto record, tx.get(key));
    if (!record) return no_config(impl_->arn(name, qualifier));
    tx.erase(key);
    return {};
  });
}

Result<Page<Registry::EventInvokeRecord>> Registry::list_event_invoke(const FunctionName& name, const std::string& marker, std::size_t limit) {
  if (!head(name)) return no_function();
  return page_of<EventInvokeRecord>(
      impl_->store, keys::of_function(keys::kEventInvoke, name), marker, limit,
      [&](const kv::Entry& entry) -> Result<EventInvokeRecord> {
        kv::KeyReader key(entry.key);
        for (int i = 0; i < 3; ++i) WICK_CHECK(key.text());
        WICK_TRY(auto qualifier, key.text());
        WICK_TRY(auto config, parse(entry.value));
        return EventInvokeRecord{std::move(qualifier), std::move(config)};
      },
      [](const EventInvokeRecord&) { return true; });
}

EventInvokeConfig Registry::event_invoke_config(const FunctionName& name, const std::string& qualifier) {
  const std::string own = qualifier.empty() ? kLatest : qualifier;
  if (auto cached = impl_->cache.event_invoke(name, own)) return std::move(*cached);
  const auto epoch = impl_->cache.epoch();
  auto config = event_invoke(name, own);
  if (!config && config.error().code != Errc::not_found) return {};
  auto found = config ? std::move(*config) : EventInvokeConfig{};
  impl_->cache.put_event_invoke(epoch, name, own, found);
  return found;
}

}  // namespace wick::function
