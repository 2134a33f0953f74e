#pragma once
// Reads of one RocksDB database, and a transaction over it: the database as it stands plus a batch of writes not yet made.
// The caller sees to it that nobody writes to the database while a transaction lives.
#include <rocksdb/db.h>
#include <rocksdb/utilities/write_batch_with_index.h>

#include "kv/store.h"

namespace wick::kv {

Error from_status(const rocksdb::Status& status);

Result<std::optional<std::string>> get_from(rocksdb::DB& db, std::string_view key);
Result<std::vector<Entry>> scan_from(rocksdb::DB& db, const KeyRange& range, std::size_t limit);

class RocksdbTransaction final : public Transaction {
 public:
  explicit RocksdbTransaction(rocksdb::DB& db) : db_(db) {}

  Result<std::optional<std::string>> get(std::string_view key) override;
  Result<std::vector<Entry>> scan(const KeyRange& range, std::size_t limit) override;
  void put(std::string_view key, std::string_view value) override;
  void erase(std::string_view key) override;

  bool has_writes();
  Result<> write();  // to the log and the database at once, not yet synced

 private:
  rocksdb::DB& db_;
  // One index entry for each key, however often it is written.
  rocksdb::WriteBatchWithIndex writes_{rocksdb::BytewiseComparator(), 0, true};
};

}  // namespace wick::kv
