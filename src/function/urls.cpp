// Registry: function URLs. The record lies under its id; the function's own key holds the id.
#include <utility>

#include <fmt/core.h>

#include "function/registry_impl.h"
#include "function/url_record.h"

namespace wick::function {
namespace {

std::string new_url_id(Random& random) {
  constexpr std::string_view digits = "abcdefghijklmnopqrstuvwxyz234567";  // 5 bits each
  std::string id;
  for (int i = 0; i < 32; ++i) id.push_back(digits[random.next() % digits.size()]);
  return id;
}

std::unexpected<Error> no_function() { return fail(Errc::not_found, "Function does not exist"); }
std::unexpected<Error> no_url() { return fail(Errc::not_found, "The resource you requested does not exist."); }

Result<UrlConfig> read(kv::Reader& reader, const FunctionName& name, const std::string& qualifier) {
  WICK_TRY(const auto id, reader.get(keys::record(keys::kUrl, name, qualifier)));
  if (!id) return no_url();
  WICK_TRY(const auto record, reader.get(keys::url_id(*id)));
  if (!record) return no_url();
  return parse_url(*record);
}

}  // namespace

Result<UrlConfig> Registry::create_url(UrlConfig config) {
  const auto& name = config.function;
  config.created = config.modified = format_iso8601_zulu(impl_->clock.now());
  WICK_CHECK(impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    if (!impl_->require(tx, name, config.qualifier)) return no_function();
    const auto key = keys::record(keys::kUrl, name, config.qualifier);
    WICK_TRY(const auto existing, tx.get(key));
    if (existing) {
      return fail(Errc::already_exists, fmt::format("Failed to create function url config for [functionArn = {}]. Error message:  "
                                                    "FunctionUrlConfig exists for this Lambda function",
                                                    impl_->arn(name, config.qualifier)));
    }
    config.url_id = new_url_id(impl_->random);
    tx.put(key, config.url_id);
    tx.put(keys::url_id(config.url_id), to_record(config));
    return {};
  }));
  return config;
}

Result<UrlConfig> Registry::update_url(const FunctionName& name, const std::string& qualifier, const UrlChange& change) {
  UrlConfig updated;
  WICK_CHECK(impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    if (!impl_->require(tx, name, qualifier)) return no_function();
    WICK_TRY(updated, read(tx, name, qualifier));
    if (change.auth) updated.auth = *change.auth;
    if (change.mode) updated.mode = *change.mode, updated.mode_given = true;
    if (change.cors) updated.cors = change.cors;
    updated.modified = format_iso8601_zulu(impl_->clock.now());
    tx.put(keys::url_id(updated.url_id), to_record(updated));
    return {};
  }));
  return updated;
}

Result<UrlConfig> Registry::url(const FunctionName& name, const std::string& qualifier) { return read(impl_->store, name, qualifier); }

Result<> Registry::remove_url(const FunctionName& name, const std::string& qualifier) {
  return impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    WICK_TRY(const auto config, read(tx, name, qualifier));
    tx.erase(keys::record(keys::kUrl, name, qualifier));
    tx.erase(keys::url_id(config.url_id));
    return {};
  });
}

Result<Page<UrlConfig>> Registry::list_urls(const FunctionName& name, const std::string& marker, std::size_t limit) {
  if (!head(name)) return no_function();
  return page_of<UrlConfig>(
      impl_->store, keys::of_function(keys::kUrl, name), marker, limit,
      [&](const kv::Entry& entry) -> Result<UrlConfig> {
        WICK_TRY(const auto record, impl_->store.get(keys::url_id(entry.value)));
        if (!record) return no_url();
        return parse_url(*record);
      },
      [](const UrlConfig&) { return true; });
}

Result<UrlConfig> Registry::find_url(const std::string& url_id) {
  if (auto cached = impl_->cache.url(url_id)) return std::move(*cached);
  const auto epoch = impl_->cache.epoch();
  WICK_TRY(const auto record, impl_->store.get(keys::url_id(url_id)));
  if (!record) return no_url();
  WICK_TRY(auto config, parse_url(*record));
  impl_->cache.put_url(epoch, config);
  return config;
}

}  // namespace wick::function
