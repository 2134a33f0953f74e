// Registry: reserved and provisioned concurrency.
#include <utility>

#include <fmt/core.h>
#include <boost/json/serialize.hpp>

#include "function/json_fields.h"
#include "function/json_record.h"
#include "function/registry_impl.h"

namespace wick::function {
namespace {

std::string to_record(const Provisioned& provisioned) {
  return boost::json::serialize(boost::json::object{{"function", provisioned.function.str()},
                                                    {"qualifier", provisioned.qualifier},
                                                    {"requested", provisioned.requested},
                                                    {"modified", provisioned.modified}});
}

// The version is looked up, as an alias may have moved.
Result<Provisioned> parse(kv::Reader& reader, std::string_view record) {
  WICK_TRY(const auto object, parse_record(record));
  Provisioned out{FunctionName(text(object, "function")), text(object, "qualifier"), text(object, "qualifier"),
                  number<std::uint32_t>(object, "requested"), text(object, "modified")};
  if (is_number(out.qualifier)) return out;
  WICK_TRY(const auto alias, reader.get(keys::record(keys::kAlias, out.function, out.qualifier)));
  if (alias) {
    WICK_TRY(const auto found, parse_alias(*alias));
    out.version = found.version;
  }
  return out;
}

Result<std::vector<Provisioned>> all_of(kv::Reader& reader, const std::string& prefix) {
  std::vector<Provisioned> out;
  WICK_CHECK(scan_all(reader, kv::prefix_range(prefix), [&](const kv::Entry& entry) -> Result<> {
    WICK_TRY(auto provisioned, parse(reader, entry.value));
    out.push_back(std::move(provisioned));
    return {};
  }));
  return out;
}

// One configuration per version: either by its number, or by one alias.
Result<> check_conflict(const Provisioned& wanted, const std::vector<Provisioned>& others) {
  for (const auto& other : others) {
    if (other.qualifier == wanted.qualifier || other.version != wanted.version) continue;
    return fail(Errc::already_exists, is_number(wanted.qualifier)
                                          ? "Version is pointed by a Provisioned Concurrency alias"
                                          : "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version");
  }
  return {};
}

std::uint32_t total_but(const std::vector<Provisioned>& all, const std::string& qualifier) {
  std::uint32_t total = 0;
  for (const auto& one : all) total += one.qualifier == qualifier ? 0 : one.requested;
  return total;
}

}  // namespace

// The account's other reservations are read outside the transaction: two changes at once may overshoot a limit, which only bounds
// what functions may take from each other, rather than make every change of one function conflict with those of all others.
Result<> Registry::reserve(const FunctionName& name, std::uint32_t concurrency, const ConcurrencyLimits& limits) {
  WICK_TRY(const auto used, usage());
  return impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    auto head = impl_->head(tx, name);
    if (!head && head.error().code == Errc::not_found) return impl_->function_not_found(name, kLatest);
    if (!head) return std::unexpected(std::move(head).error());
    WICK_TRY(const auto provisioned, all_of(tx, keys::of_function(keys::kProvisioned, name)));
    const auto total = total_but(provisioned, {});
    const auto others = used.reserved - std::min(used.reserved, head->reserved_concurrency ? *head->reserved_concurrency : total);
    if (others + concurrency + limits.unreserved_min > limits.account) {
      return fail(Errc::invalid_argument, fmt::format("Specified ReservedConcurrentExecutions for function decreases account's "
                                                      "UnreservedConcurrentExecution below its minimum value of [{}].",
                                                      limits.unreserved_min));
    }
    if (concurrency < total) {
      return fail(Errc::invalid_argument, fmt::format(" ReservedConcurrentExecutions  {} should not be lower than function's total "
                                                      "provisioned concurrency [{}].",
                                                      concurrency, total));
    }
    head->reserved_concurrency = concurrency;
    impl_->put(tx, *head);
    return {};
  });
}

Result<> Registry::unreserve(const FunctionName& name) {
  return impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    WICK_TRY(auto head, impl_->head(tx, name));
    head.reserved_concurrency.reset();
    impl_->put(tx, head);
    return {};
  });
}

Result<Provisioned> Registry::provision(const FunctionName& name, const std::string& qualifier, std::uint32_t concurrency,
                                        const ConcurrencyLimits& limits) {
  WICK_TRY(const auto used, usage());
  Provisioned out{name, qualifier, qualifier, concurrency, {}};
  WICK_CHECK(impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    if (!is_number(qualifier)) {
      WICK_TRY(const auto alias, impl_->alias(tx, name, qualifier));
      out.version = alias.version;
    }
    WICK_TRY(auto version, impl_->version(tx, name, out.version));
    if (out.version == kLatest)
      return fail(Errc::invalid_argument, "Provisioned Concurrency Configs cannot be applied to unpublished function versions.");
    WICK_TRY(const auto head, impl_->head(tx, name));
    WICK_TRY(const auto all, all_of(tx, keys::of_function(keys::kProvisioned, name)));
    WICK_CHECK(check_conflict(out, all));
    const auto others_of_function = total_but(all, qualifier);
    if (head.reserved_concurrency) {
      if (others_of_function + concurrency > *head.reserved_concurrency) {
        return fail(Errc::invalid_argument,
                    "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function");
      }
    } else {
      const auto own = total_but(all, {}) - others_of_function;
      const auto taken = used.reserved - std::min(used.reserved, own);
      const auto unreserved = limits.account - std::min(limits.account, taken);
      if (concurrency > unreserved) {
        return fail(Errc::invalid_argument, fmt::format("Specified ConcurrentExecutions for function is greater than account's unreserved "
                                                        "concurrency [{}].",
                                                        unreserved));
      }
      if (unreserved - concurrency < limits.unreserved_min) {
        return fail(Errc::invalid_argument, fmt::format("Specified ConcurrentExecutions for function decreases account's "
                                                        "UnreservedConcurrentExecution below its minimum value of [{}].",
                                                        limits.unreserved_min));
      }
    }
    out.modified = impl_->now();
    tx.put(keys::record(keys::kProvisioned, name, qualifier), to_record(out));
    version.revision_id = impl_->new_id();
    impl_->put(tx, version);
    return {};
  }));
  return out;
}

namespace {

constexpr std::string_view kNoConfig = "No Provisioned Concurrency Config found for this function";

}  // namespace

Result<Provisioned> Registry::provisioned(const FunctionName& name, const std::string& qualifier) {
  if (is_number(qualifier)) {
    WICK_CHECK(impl_->version(impl_->store, name, qualifier));
  } else {
    WICK_CHECK(impl_->alias(impl_->store, name, qualifier));
  }
  WICK_TRY(const auto record, impl_->store.get(keys::record(keys::kProvisioned, name, qualifier)));
  if (!record) return fail(Errc::not_found, std::string(kNoConfig));
  return parse(impl_->store, *record);
}

Result<> Registry::unprovision(const FunctionName& name, const std::string& qualifier) {
  return impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    if (is_number(qualifier)) {
      WICK_CHECK(impl_->version(tx, name, qualifier));
    } else {
      WICK_CHECK(impl_->alias(tx, name, qualifier));
    }
    tx.erase(keys::record(keys::kProvisioned, name, qualifier));
    return {};
  });
}

Result<Page<Provisioned>> Registry::list_provisioned(const FunctionName& name, const std::string& marker, std::size_t limit) {
  WICK_CHECK(head(name));
  return page_of<Provisioned>(
      impl_->store, keys::of_function(keys::kProvisioned, name), marker, limit,
      [&](const kv::Entry& entry) { return parse(impl_->store, entry.value); }, [](const Provisioned&) { return true; });
}

Result<Registry::Concurrency> Registry::concurrency() {
  Concurrency out;
  WICK_CHECK(scan_all(impl_->store, kv::prefix_range(keys::heads()), [&](const kv::Entry& entry) -> Result<> {
    WICK_TRY(const auto head, parse_head(entry.value));
    if (head.reserved_concurrency) out.reserved.emplace_back(head.latest.name, *head.reserved_concurrency);
    return {};
  }));
  WICK_TRY(out.provisioned, all_of(impl_->store, keys::all(keys::kProvisioned)));
  return out;
}

}  // namespace wick::function
