#pragma once
// The one ordered, transactional key-value interface under everything durable in Wick: registry, queues, tables, metadata.
//
// Keys are byte strings in lexicographic order; compose them with kv/key.h so that order and prefixes mean what they should.
// Every call blocks (a commit waits for the disk) and is thread-safe: from the event loop, go through WorkerPool.
// A transaction reads one snapshot plus its own writes, and commits only if nothing it read was changed meanwhile
// (optimistic, serializable). A commit that returned is durable: it survives kill -9 and power loss; one that did not return
// is there wholly or not at all.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace wick::kv {

struct Entry {
  std::string key;
  std::string value;
};

// Half-open: begin <= key < end. An empty end means to the last key.
struct KeyRange {
  std::string begin;
  std::string end;
};

KeyRange prefix_range(std::string_view prefix);

// What can be read, whether outside a transaction or inside one.
class Reader {
 public:
  virtual ~Reader() = default;
  virtual Result<std::optional<std::string>> get(std::string_view key) = 0;
  // At most limit entries, in key order.
  virtual Result<std::vector<Entry>> scan(const KeyRange& range, std::size_t limit) = 0;
};

// Lives only within the body given to Store::transact.
class Transaction : public Reader {
 public:
  virtual void put(std::string_view key, std::string_view value) = 0;
  virtual void erase(std::string_view key) = 0;
};

enum class Durability {
  synced,    // on disk when transact returns
  buffered,  // on disk within about a second, and on a clean close: for logs and usage, whose loss is bounded and stated
};

// Reads outside a transaction see the latest commit, each call by itself.
class Store : public Reader {
 public:
  // Runs body, then commits what it wrote. A conflict runs body again from the start (16 times at most, then
  // Errc::unavailable), so body must have no effect but its writes; nor may it call transact. An error from body commits nothing
  // and is returned. Bodies may run one at a time, so they only read, decide and write: no waiting, no long computation.
  virtual Result<> transact(const std::function<Result<>(Transaction&)>& body, Durability durability = Durability::synced) = 0;
};

// RocksDB in directory, made if missing. One process at a time: a second one gets unavailable. Starts threads, so not before a fork.
Result<std::unique_ptr<Store>> open_rocksdb(const std::string& directory);

}  // namespace wick::kv
