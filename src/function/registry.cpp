#include "function/registry.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/core.h>

#include "function/registry_impl.h"
#include "function/version_record.h"

namespace wick::function {

Result<std::unique_ptr<Registry>> Registry::open(kv::Store& store, const Clock& clock, Random& random, std::string region, std::string account) {
  return std::unique_ptr<Registry>(new Registry(std::make_unique<Impl>(store, clock, random, std::move(region), std::move(account))));
}

Registry::Registry(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Registry::~Registry() = default;

const std::string& Registry::region() const { return impl_->region; }
const std::string& Registry::account() const { return impl_->account; }
std::string Registry::arn(const FunctionName& name, const std::string& qualifier) const { return impl_->arn(name, qualifier); }
std::string Registry::layer_arn(const std::string& name) const {
  return fmt::format("arn:aws:lambda:{}:{}:layer:{}", impl_->region, impl_->account, name);
}

namespace {

Target draw(const Route& route, const std::string& qualifier, std::string arn, Random& random) {
  const bool second = route.second && random.unit() < route.weight;
  return Target{second ? route.second : route.first, qualifier, std::move(arn)};
}

}  // namespace

std::optional<Target> Registry::resolve_cached(const FunctionName& name, const std::string& qualifier, Random& random) {
  const auto route = impl_->cache.route(name, qualifier);
  if (!route) return std::nullopt;
  return draw(*route, qualifier, arn(name, qualifier), random);
}

Result<Target> Registry::resolve(const FunctionName& name, const std::string& qualifier, Random& random) {
  if (auto target = resolve_cached(name, qualifier, random)) return std::move(*target);
  const auto epoch = impl_->cache.epoch();
  WICK_TRY(const auto route, impl_->route(impl_->store, name, qualifier));
  impl_->cache.put_route(epoch, name, qualifier, route);
  return draw(route, qualifier, arn(name, qualifier), random);
}

std::string Registry::Impl::arn(const FunctionName& name, std::string_view qualifier) const {
  return fmt::format("arn:aws:lambda:{}:{}:function:{}{}{}", region, account, name.str(), qualifier.empty() ? "" : ":", qualifier);
}

std::string Registry::Impl::layer_arn(std::string_view name, std::uint64_t number) const {
  return fmt::format("arn:aws:lambda:{}:{}:layer:{}:{}", region, account, name, number);
}

Result<> Registry::Impl::change(const FunctionName& name, const std::function<Result<>(kv::Transaction&)>& body) {
  auto done = store.transact(body);
  cache.drop(name);  // after an error too: the commit may have happened
  return done;
}

std::unexpected<Error> Registry::Impl::function_not_found(const FunctionName& name, std::string_view qualifier) const {
  return fail(Errc::not_found, fmt::format("Function not found: {}", arn(name, qualifier)));
}

std::unexpected<Error> Registry::Impl::alias_not_found(const FunctionName& name, std::string_view alias) const {
  return fail(Errc::not_found, fmt::format("Cannot find alias arn: {}", arn(name, alias)));
}

Result<Head> Registry::Impl::head(kv::Reader& reader, const FunctionName& name) const {
  WICK_TRY(const auto record, reader.get(keys::head(name)));
  if (!record) return function_not_found(name);
  return parse_head(*record);
}

Result<Version> Registry::Impl::version(kv::Reader& reader, const FunctionName& name, const std::string& number) const {
  if (number == kLatest) {
    WICK_TRY(const auto record, reader.get(keys::head(name)));
    if (!record) return function_not_found(name, number);
    WICK_TRY(auto head, parse_head(*record));
    return std::move(head.latest);
  }
  WICK_TRY(const auto record, reader.get(keys::version(name, to_number(number))));
  if (!record) return function_not_found(name, number);
  return parse_version(*record);
}

Result<Alias> Registry::Impl::alias(kv::Reader& reader, const FunctionName& name, const std::string& alias) const {
  WICK_TRY(const auto record, reader.get(keys::record(keys::kAlias, name, alias)));
  if (!record) return alias_not_found(name, alias);
  return parse_alias(*record);
}

Result<Version> Registry::Impl::at(kv::Reader& reader, const FunctionName& name, const std::string& qualifier) const {
  if (qualifier.empty()) {
    WICK_TRY(auto found, head(reader, name));
    return std::move(found.latest);
  }
  if (qualifier == kLatest || is_number(qualifier)) return version(reader, name, qualifier);
  auto found = alias(reader, name, qualifier);
  if (!found && found.error().code == Errc::not_found) return function_not_found(name, qualifier);
  if (!found) return std::unexpected(std::move(found).error());
  return version(reader, name, found->version);
}

Result<> Registry::Impl::require(kv::Reader& reader, const FunctionName& name, const std::string& qualifier) const {
  WICK_CHECK(at(reader, name, qualifier));
  return {};
}

Result<Route> Registry::Impl::route(kv::Reader& reader, const FunctionName& name, const std::string& qualifier) const {
  Route out;
  if (qualifier.empty() || qualifier == kLatest || is_number(qualifier)) {
    WICK_TRY(auto found, version(reader, name, qualifier.empty() ? kLatest : qualifier));
    out.first = std::make_shared<const Version>(std::move(found));
    return out;
  }
  const auto alias_found = alias(reader, name, qualifier);
  if (!alias_found && alias_found.error().code == Errc::not_found) return function_not_found(name, qualifier);
  if (!alias_found) return std::unexpected(alias_found.error());
  WICK_TRY(auto first, version(reader, name, alias_found->version));
  out.first = std::make_shared<const Version>(std::move(first));
  for (const auto& [number, weight] : alias_found->weights) {
    WICK_TRY(auto second, version(reader, name, number));
    out.second = std::make_shared<const Version>(std::move(second));
    out.weight = weight;
  }
  return out;
}

bool is_number(std::string_view qualifier) {
  return !qualifier.empty() && std::ranges::all_of(qualifier, [](char c) { return c >= '0' && c <= '9'; });
}

std::uint64_t to_number(std::string_view digits) {
  std::uint64_t out = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return ec == std::errc() && end == digits.data() + digits.size() ? out : 0;
}

Result<> scan_all(kv::Reader& reader, const kv::KeyRange& range, const std::function<Result<>(const kv::Entry&)>& visit) {
  auto rest = range;
  for (;;) {
    WICK_TRY(const auto entries, reader.scan(rest, kScanBatch));
    for (const auto& entry : entries) WICK_CHECK(visit(entry));
    if (entries.size() < kScanBatch) return {};
    rest.begin = entries.back().key + '\0';
  }
}

}  // namespace wick::function
