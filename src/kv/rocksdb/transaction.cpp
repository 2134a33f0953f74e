#include "kv/rocksdb/transaction.h"

namespace wick::kv {
namespace {

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

Result<std::optional<std::string>> found(const rocksdb::Status& status, std::string value) {
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return std::unexpected(from_status(status));
  return value;
}

// The upper bound lets RocksDB stop at the end of the range instead of stepping over what was deleted after it.
struct Bounds {
  explicit Bounds(const KeyRange& range) : end(range.end) {
    if (!range.end.empty()) options.iterate_upper_bound = &end;
  }
  Bounds(const Bounds&) = delete;
  Bounds& operator=(const Bounds&) = delete;
  rocksdb::Slice end;
  rocksdb::ReadOptions options;
};

Result<std::vector<Entry>> collect(rocksdb::Iterator& at, const KeyRange& range, std::size_t limit) {
  std::vector<Entry> entries;
  for (at.Seek(range.begin); entries.size() < limit && at.Valid(); at.Next()) {
    if (!range.end.empty() && at.key().compare(range.end) >= 0) break;
    entries.push_back({at.key().ToString(), at.value().ToString()});
  }
  if (!at.status().ok()) return std::unexpected(from_status(at.status()));
  return entries;
}

bool is_empty(const KeyRange& range, std::size_t limit) { return limit == 0 || (!range.end.empty() && range.end <= range.begin); }

}  // namespace

Error from_status(const rocksdb::Status& status) { return {Errc::io, "key-value store: " + status.ToString()}; }

Result<std::optional<std::string>> get_from(rocksdb::DB& db, std::string_view key) {
  std::string value;
  const auto status = db.Get(rocksdb::ReadOptions(), slice(key), &value);
  return found(status, std::move(value));
}

Result<std::vector<Entry>> scan_from(rocksdb::DB& db, const KeyRange& range, std::size_t limit) {
  if (is_empty(range, limit)) return std::vector<Entry>();
  const Bounds bounds(range);
  const std::unique_ptr<rocksdb::Iterator> at(db.NewIterator(bounds.options));
  return collect(*at, range, limit);
}

Result<std::optional<std::string>> RocksdbTransaction::get(std::string_view key) {
  std::string value;
  const auto status = writes_.GetFromBatchAndDB(&db_, rocksdb::ReadOptions(), slice(key), &value);
  return found(status, std::move(value));
}

Result<std::vector<Entry>> RocksdbTransaction::scan(const KeyRange& range, std::size_t limit) {
  if (is_empty(range, limit)) return std::vector<Entry>();
  const Bounds bounds(range);
  const std::unique_ptr<rocksdb::Iterator> at(
      writes_.NewIteratorWithBase(db_.DefaultColumnFamily(), db_.NewIterator(bounds.options), &bounds.options));
  return collect(*at, range, limit);
}

// With an index that overwrites, adding to a batch in memory has no way to fail.
void RocksdbTransaction::put(std::string_view key, std::string_view value) { writes_.Put(slice(key), slice(value)).PermitUncheckedError(); }

void RocksdbTransaction::erase(std::string_view key) { writes_.Delete(slice(key)).PermitUncheckedError(); }

bool RocksdbTransaction::has_writes() { return writes_.GetWriteBatch()->Count() > 0; }

Result<> RocksdbTransaction::write() {
  const auto status = db_.Write(rocksdb::WriteOptions(), writes_.GetWriteBatch());
  if (!status.ok()) return std::unexpected(from_status(status));
  return {};
}

}  // namespace wick::kv
