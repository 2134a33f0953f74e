#include "event/ledger.h"

namespace wick::event {
namespace {

constexpr std::size_t kPage = 1'000;

Result<std::size_t> count(kv::Store& store, kv::KeyRange range) {
  for (std::size_t total = 0;;) {
    WICK_TRY(const auto page, store.scan(range, kPage));
    total += page.size();
    if (page.size() < kPage) return total;
    range.begin = page.back().key + '\0';
  }
}

Due due_from(kv::Entry& found) {
  auto record = decode_record(found.value);
  if (!record) return {std::move(found.key), {}, 0};
  return {std::move(found.key), std::move(record->function), record->payload_bytes};
}

void put(kv::Transaction& transaction, const std::string& key, const Entry& entry) {
  transaction.put(key, encode(entry.record));
  transaction.put(payload_key(entry.record.id), entry.payload);
}

}  // namespace

Result<> Ledger::open(const std::function<void(const Due&)>& found) {
  WICK_TRY(undelivered_, count(store_, undelivered_range()));
  for (std::string begin = due_range().begin;;) {
    WICK_TRY(const auto page, due(begin, kPage));
    for (const Due& event : page) found(event);
    if (page.size() < kPage) return {};
    begin = page.back().key + '\0';
  }
}

Result<> Ledger::add(const std::string& key, const Entry& entry) {
  return store_.transact([&](kv::Transaction& transaction) -> Result<> {
    put(transaction, key, entry);
    return {};
  });
}

Result<std::vector<Due>> Ledger::due(const std::string& begin, std::size_t limit) {
  WICK_TRY(auto found, store_.scan({begin, due_range().end}, limit));
  std::vector<Due> events;
  events.reserve(found.size());
  for (auto& entry : found) events.push_back(due_from(entry));
  return events;
}

Result<std::optional<Entry>> Ledger::load(const std::string& key) {
  WICK_TRY(const auto bytes, store_.get(key));
  if (!bytes) return std::nullopt;
  Entry entry;
  WICK_TRY(entry.record, decode_record(*bytes));
  WICK_TRY(auto payload, store_.get(payload_key(entry.record.id)));
  if (!payload) return std::nullopt;  // removed between the two reads
  entry.payload = *std::move(payload);
  return entry;
}

Result<std::string> Ledger::payload(const invoke::RequestId& id) {
  WICK_TRY(auto bytes, store_.get(payload_key(id)));
  if (!bytes) return fail(Errc::io, "the payload of event " + id.str() + " is missing");
  return *std::move(bytes);
}

Result<> Ledger::reschedule(const std::string& key, const std::string& new_key, const Record& record) {
  return store_.transact(
      [&](kv::Transaction& transaction) -> Result<> {
        transaction.erase(key);
        transaction.put(new_key, encode(record));
        return {};
      },
      kv::Durability::buffered);
}

Result<> Ledger::remove(const std::string& key, const invoke::RequestId& id, WallTime now, const Replacement& replacement) {
  const auto* undelivered = std::get_if<Undelivered>(&replacement);
  // The place is taken before the commit: of those that race for the last one, all but one make room.
  const bool full = undelivered && undelivered_.fetch_add(1) >= kUndeliveredMax;
  const auto body = [&](kv::Transaction& transaction) -> Result<> {
    transaction.erase(key);
    transaction.erase(payload_key(id));
    if (const auto* event = std::get_if<DestinationEvent>(&replacement)) put(transaction, event->key, event->entry);
    if (undelivered) {
      if (full) {
        WICK_TRY(const auto oldest, transaction.scan(undelivered_range(), 1));
        if (!oldest.empty()) transaction.erase(oldest.front().key);
      }
      transaction.put(undelivered_key(now, id), encode(*undelivered));
    }
    return {};
  };
  auto done = store_.transact(body, kv::Durability::buffered);
  if (undelivered && (full || !done)) --undelivered_;
  return done;
}

}  // namespace wick::event
