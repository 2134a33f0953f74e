#include "service/usage/books.h"

#include <algorithm>
#include <map>

#include "kv/key.h"
#include "service/usage/call_batches.h"
#include "service/usage/entries.h"

namespace wick::service::usage {
namespace {

std::string hours_prefix() { return kv::make_key("usage", "hour"); }
std::string losses_key(Hour hour) { return kv::make_key("usage", "losses", hour); }

std::string tags_text(const function::Tags& tags) {
  std::string out;
  for (const auto& [key, value] : tags) {
    kv::append_part(out, key);
    kv::append_part(out, value);
  }
  return out;
}

Result<RowKey> parse_row_key(std::string_view key) {
  RowKey out;
  kv::KeyReader fields(key.substr(hours_prefix().size()));
  WICK_TRY(out.hour, fields.number());
  WICK_TRY(out.function, fields.text());
  WICK_TRY(out.version, fields.text());
  WICK_TRY(const std::string tags, fields.text());
  for (kv::KeyReader pairs(tags); !pairs.done();) {
    WICK_TRY(std::string name, pairs.text());
    WICK_TRY(out.tags[std::move(name)], pairs.text());
  }
  return out;
}

Result<> add_sums(kv::Transaction& transaction, const std::map<std::string, Totals>& sums) {
  for (const auto& [key, totals] : sums) {
    WICK_TRY(const auto value, transaction.get(key));
    Totals sum = totals;
    if (value) {
      WICK_TRY(const Totals before, parse_totals(*value));
      sum += before;
    }
    transaction.put(key, to_record(sum));
  }
  return {};
}

Result<Losses> parse_losses(std::string_view value) {
  Losses out;
  WICK_TRY(auto fields, fields_of(value));
  WICK_TRY(out.details, fields.number());
  WICK_TRY(out.records, fields.number());
  return out;
}

Result<> add_losses(kv::Transaction& transaction, const std::map<Hour, Losses>& losses) {
  for (const auto& [hour, more] : losses) {
    WICK_TRY(const auto value, transaction.get(losses_key(hour)));
    Losses sum = more;
    if (value) {
      WICK_TRY(const Losses before, parse_losses(*value));
      sum += before;
    }
    transaction.put(losses_key(hour), kv::make_key(kFormat, sum.details, sum.records));
  }
  return {};
}

// Sums and losses of hours before end, a page of each; whether that was all.
Result<bool> remove_old_hours(kv::Transaction& transaction, Hour end) {
  bool all = true;
  for (const std::string_view kind : {"hour", "losses"}) {
    WICK_TRY(const auto old, transaction.scan({kv::make_key("usage", kind), kv::make_key("usage", kind, end)}, kPage));
    for (const kv::Entry& entry : old) transaction.erase(entry.key);
    all = all && old.size() < kPage;
  }
  return all;
}

Hour hours_before(Hour hour, std::chrono::hours age) { return hour - std::min(hour, static_cast<Hour>(age.count())); }

}  // namespace

Result<> Books::append(const Batch& batch) {
  std::map<function::FunctionName, std::string> tags;
  std::map<std::string, Totals> sums;
  for (const auto& [key, sum] : batch.sums) {
    const function::FunctionName& name = sum.version->name;
    auto known = tags.find(name);
    if (known == tags.end()) known = tags.emplace(name, tags_text(tags_of_(name))).first;
    sums[kv::make_key("usage", "hour", key.first, name.str(), sum.version->version, known->second)] += sum.totals;
  }
  const CallBatches calls(batch.calls);
  const WallTime now = clock_.now();
  const Hour hour = hour_of(now);
  bool pruned = true;

  WICK_CHECK(store_.transact(
      [&](kv::Transaction& transaction) -> Result<> {
        WICK_CHECK(add_sums(transaction, sums));
        WICK_CHECK(add_losses(transaction, batch.losses));
        WICK_CHECK(calls.append(transaction, retention_, now));
        if (hour == pruned_) return {};
        WICK_TRY(pruned, remove_old_hours(transaction, hours_before(hour, retention_.sums_age)));
        return {};
      },
      kv::Durability::buffered));
  if (pruned) pruned_ = hour;
  return {};
}

Result<> Books::visit(Hour from, Hour to, const std::function<void(const RowKey&, const Totals&)>& visitor) {
  return visit_all(store_, {kv::make_key("usage", "hour", from), kv::make_key("usage", "hour", to)}, [&](const kv::Entry& entry) -> Result<> {
    WICK_TRY(const RowKey key, parse_row_key(entry.key));
    WICK_TRY(const Totals totals, parse_totals(entry.value));
    visitor(key, totals);
    return {};
  });
}

Result<Losses> Books::losses(Hour from, Hour to) {
  Losses out;
  WICK_CHECK(visit_all(store_, {losses_key(from), losses_key(to)}, [&](const kv::Entry& entry) -> Result<> {
    WICK_TRY(const Losses losses, parse_losses(entry.value));
    out += losses;
    return {};
  }));
  return out;
}

}  // namespace wick::service::usage
