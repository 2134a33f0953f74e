// kv::Store over RocksDB: transactions run one at a time, and share the syncs of the log (docs/decisions/001-serial-transactions.md).
#include "kv/store.h"

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <stop_token>
#include <thread>

#include "kv/rocksdb/shared_sync.h"
#include "kv/rocksdb/transaction.h"

namespace wick::kv {
namespace {

constexpr std::chrono::seconds kBufferedSyncInterval{1};

class RocksdbStore final : public Store {
 public:
  explicit RocksdbStore(std::unique_ptr<rocksdb::DB> db) : db_(std::move(db)), sync_([this] { return sync_log(); }) {
    syncer_ = std::jthread([this](std::stop_token stop) { sync_buffered(stop); });
  }

  ~RocksdbStore() override {
    syncer_ = {};  // its last round syncs what is still buffered
    if (const auto status = db_->Close(); !status.ok()) spdlog::error("closing the key-value store: {}", status.ToString());
  }

  Result<std::optional<std::string>> get(std::string_view key) override { return get_from(*db_, key); }
  Result<std::vector<Entry>> scan(const KeyRange& range, std::size_t limit) override { return scan_from(*db_, range, limit); }

  Result<> transact(const std::function<Result<>(Transaction&)>& body, Durability durability) override {
    SharedSync::Ticket needed = 0;
    const Result<> done = run(body, durability, needed);
    // What a body read and answers from (even with an error) must not be lost after that answer, so it waits as well.
    WICK_CHECK(sync_.wait(durability == Durability::synced ? needed : 0));
    return done;
  }

 private:
  Result<> run(const std::function<Result<>(Transaction&)>& body, Durability durability, SharedSync::Ticket& needed) {
    const std::lock_guard one_at_a_time(mutex_);
    RocksdbTransaction transaction(*db_);
    auto done = body(transaction);
    if (done && transaction.has_writes()) {
      WICK_CHECK(transaction.write());
      const auto ticket = sync_.written();
      if (durability == Durability::synced) last_synced_commit_ = ticket;
    }
    needed = last_synced_commit_;
    return done;
  }

  Result<> sync_log() {
    const auto status = db_->SyncWAL();
    if (!status.ok()) return std::unexpected(from_status(status));
    return {};
  }

  void sync_buffered(std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    do {
      stopped.wait_for(lock, stop, kBufferedSyncInterval, [] { return false; });
      if (const auto done = sync_.wait(sync_.last()); !done) {
        spdlog::critical("the key-value store cannot sync its log and takes no more writes: {}", done.error().message);
        return;
      }
    } while (!stop.stop_requested());
  }

  std::unique_ptr<rocksdb::DB> db_;
  SharedSync sync_;
  std::mutex mutex_;                           // one transaction at a time
  SharedSync::Ticket last_synced_commit_ = 0;  // guarded by mutex_
  std::jthread syncer_;
};

rocksdb::Options options() {
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));  // 10 bits a key: 1% of reads of absent keys touch the disk
  rocksdb::Options options;
  options.create_if_missing = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.max_open_files = 512;   // leaves the daemon's descriptors to sockets
  options.keep_log_file_num = 4;  // RocksDB's own text log
  options.max_log_file_size = 4 << 20;
  return options;
}

}  // namespace

Result<std::unique_ptr<Store>> open_rocksdb(const std::string& directory) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (!failed) std::filesystem::permissions(directory, std::filesystem::perms::owner_all, failed);
  if (failed) return fail(Errc::io, fmt::format("make {}: {}", directory, failed.message()));

  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::Open(options(), directory, &db);
  if (!status.ok()) {
    const std::string words = status.ToString();
    // RocksDB says it in words only: "While lock file" for another process, "lock hold by" for this one.
    if (words.find("While lock file") != std::string::npos || words.find("lock hold by") != std::string::npos) {
      return fail(Errc::unavailable, fmt::format("{} is in use: another wick runs on the same data directory", directory));
    }
    return fail(Errc::io, fmt::format("open {}: {}", directory, words));
  }
  return std::make_unique<RocksdbStore>(std::unique_ptr<rocksdb::DB>(db));
}

}  // namespace wick::kv
