#include "service/usage/call_batches.h"

#include <algorithm>

#include "service/usage/books.h"
#include "service/usage/entries.h"

namespace wick::service::usage {
namespace {

constexpr std::size_t kBatchCalls = 1'024;
constexpr std::size_t kRemovedBatches = 128;  // in one transaction; more than are added by it, so it keeps up
constexpr std::size_t kHashSize = sizeof(std::uint64_t);

std::string batches_key() { return kv::make_key("usage", "batches"); }
std::string ids_key(std::uint64_t batch) { return kv::make_key("usage", "ids", batch); }
std::string calls_key(std::uint64_t batch) { return kv::make_key("usage", "calls", batch); }

std::uint64_t micros(WallTime time) { return static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.time_since_epoch().count())); }

// FNV-1a: spreads request ids well enough to find the batch; the records themselves decide.
std::uint64_t hash_of(std::string_view id) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

struct Batches {
  std::uint64_t first = 0;
  std::uint64_t next = 0;
  std::uint64_t calls = 0;
};

struct Ids {
  std::uint64_t newest = 0;
  std::uint64_t calls = 0;
  std::string_view hashes;
};

Result<Batches> read_batches(kv::Reader& reader) {
  Batches out;
  WICK_TRY(const auto value, reader.get(batches_key()));
  if (!value) return out;
  WICK_TRY(auto fields, fields_of(*value));
  WICK_TRY(out.first, fields.number());
  WICK_TRY(out.next, fields.number());
  WICK_TRY(out.calls, fields.number());
  return out;
}

Result<Ids> parse_ids(std::string_view value) {
  Ids out;
  WICK_TRY(auto fields, fields_of(value));
  WICK_TRY(out.newest, fields.number());
  WICK_TRY(out.calls, fields.number());
  const std::size_t hashes = kHashSize * out.calls;
  if (value.size() != 3 * sizeof(std::uint64_t) + hashes) return fail(Errc::internal, "a list of calls cannot be read");
  out.hashes = value.substr(value.size() - hashes);
  return out;
}

Result<> remove_old_batches(kv::Transaction& transaction, Batches& batches, const Retention& retention, WallTime now) {
  const std::uint64_t oldest = micros(now - retention.calls_age);
  for (std::size_t removed = 0; removed < kRemovedBatches && batches.first < batches.next; ++removed, ++batches.first) {
    WICK_TRY(const auto value, transaction.get(ids_key(batches.first)));
    if (!value) continue;
    WICK_TRY(const auto ids, parse_ids(*value));
    if (batches.calls <= retention.calls && ids.newest >= oldest) break;
    batches.calls -= std::min(batches.calls, ids.calls);
    transaction.erase(ids_key(batches.first));
    transaction.erase(calls_key(batches.first));
  }
  return {};
}

}  // namespace

CallBatches::CallBatches(const std::vector<invoke::UsageRecord>& calls) {
  for (std::size_t begin = 0; begin < calls.size(); begin += kBatchCalls) {
    const std::size_t end = std::min(calls.size(), begin + kBatchCalls);
    WallTime newest{};
    for (std::size_t i = begin; i < end; ++i) newest = std::max(newest, calls[i].time);
    Encoded batch{kv::make_key(kFormat, micros(newest), std::uint64_t{end - begin}), kv::make_key(kFormat), end - begin};
    for (std::size_t i = begin; i < end; ++i) {
      kv::append_number(batch.ids, hash_of(calls[i].id.str()));
      append_record(batch.calls, calls[i]);
    }
    batches_.push_back(std::move(batch));
  }
}

Result<> CallBatches::append(kv::Transaction& transaction, const Retention& retention, WallTime now) const {
  if (batches_.empty()) return {};
  WICK_TRY(auto batches, read_batches(transaction));
  for (const Encoded& batch : batches_) {
    transaction.put(ids_key(batches.next), batch.ids);
    transaction.put(calls_key(batches.next), batch.calls);
    ++batches.next;
    batches.calls += batch.count;
  }
  WICK_CHECK(remove_old_batches(transaction, batches, retention, now));
  transaction.put(batches_key(), kv::make_key(kFormat, batches.first, batches.next, batches.calls));
  return {};
}

Result<std::vector<CallRecord>> find_calls(kv::Reader& reader, const std::string& request_id) {
  std::string hash;
  kv::append_number(hash, hash_of(request_id));
  std::vector<std::uint64_t> found;
  const std::string prefix = kv::make_key("usage", "ids");
  WICK_CHECK(visit_all(reader, kv::prefix_range(prefix), [&](const kv::Entry& entry) -> Result<> {
    WICK_TRY(const Ids ids, parse_ids(entry.value));
    for (std::size_t at = 0; at < ids.hashes.size(); at += kHashSize) {
      if (ids.hashes.substr(at, kHashSize) != hash) continue;
      WICK_TRY(const auto batch, kv::KeyReader(std::string_view(entry.key).substr(prefix.size())).number());
      found.push_back(batch);
      break;
    }
    return {};
  }));
  std::vector<CallRecord> out;
  for (const std::uint64_t batch : found) {
    WICK_TRY(const auto value, reader.get(calls_key(batch)));
    if (!value) continue;  // removed meanwhile
    WICK_CHECK(fields_of(*value));
    WICK_TRY(auto calls, parse_calls(std::string_view(*value).substr(sizeof kFormat)));
    for (CallRecord& call : calls) {
      if (call.id == request_id) out.push_back(std::move(call));
    }
  }
  std::ranges::sort(out, {}, &CallRecord::time);
  return out;
}

}  // namespace wick::service::usage
