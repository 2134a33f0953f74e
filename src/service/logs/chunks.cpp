#include "service/logs/chunks.h"

#include <algorithm>
#include <map>
#include <ranges>

#include <fmt/format.h>

#include "kv/key.h"

namespace wick::service::logs {
namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kAll = SIZE_MAX;

using function::FunctionName;
using invoke::LogEvent;

struct Chunk {
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
  std::uint64_t newest = 0;
  std::uint64_t batches = 0;
};

std::uint64_t micros(WallTime t) { return static_cast<std::uint64_t>(t.time_since_epoch().count()); }
WallTime from_micros(std::uint64_t value) { return WallTime(WallTime::duration(static_cast<std::int64_t>(value))); }

std::string batch_key(const FunctionName& function, std::uint64_t chunk, std::uint64_t batch) {
  return kv::make_key("logs", function.str(), "batch", chunk, batch);
}

Result<> check_version(kv::KeyReader& fields) {
  WICK_TRY(const auto version, fields.number());
  if (version != kVersion) return fail(Errc::internal, fmt::format("a log of unknown format {}", version));
  return {};
}

void put(kv::Transaction& transaction, const FunctionName& function, const Chunk& chunk) {
  transaction.put(kv::make_key("logs", function.str(), "chunk", chunk.number), kv::make_key(kVersion, chunk.bytes, chunk.newest, chunk.batches));
}

void erase(kv::Transaction& transaction, const FunctionName& function, const Chunk& chunk) {
  transaction.erase(kv::make_key("logs", function.str(), "chunk", chunk.number));
  for (std::uint64_t batch = 0; batch < chunk.batches; ++batch) transaction.erase(batch_key(function, chunk.number, batch));
}

// Oldest first.
Result<std::vector<Chunk>> chunks_of(kv::Reader& reader, const FunctionName& function) {
  const auto prefix = kv::make_key("logs", function.str(), "chunk");
  WICK_TRY(const auto entries, reader.scan(kv::prefix_range(prefix), kAll));
  std::vector<Chunk> chunks;
  for (const auto& entry : entries) {
    Chunk chunk;
    WICK_TRY(chunk.number, kv::KeyReader(std::string_view(entry.key).substr(prefix.size())).number());
    kv::KeyReader fields(entry.value);
    WICK_CHECK(check_version(fields));
    WICK_TRY(chunk.bytes, fields.number());
    WICK_TRY(chunk.newest, fields.number());
    WICK_TRY(chunk.batches, fields.number());
    chunks.push_back(chunk);
  }
  return chunks;
}

struct Batch {
  std::string encoded;
  std::uint64_t bytes = 0;
  std::uint64_t newest = 0;

  void add(const LogEvent& event) {
    if (encoded.empty()) kv::append_part(encoded, kVersion);
    kv::append_part(encoded, micros(event.time));
    kv::append_part(encoded, event.version);
    kv::append_part(encoded, event.instance);
    kv::append_part(encoded, event.message);
    bytes += event.message.size();
    newest = std::max(newest, micros(event.time));
  }
};

Result<std::vector<LogEvent>> decode_batch(const FunctionName& function, std::string_view bytes) {
  kv::KeyReader fields(bytes);
  WICK_CHECK(check_version(fields));
  std::vector<LogEvent> events;
  while (!fields.done()) {
    LogEvent event;
    event.function = function;
    WICK_TRY(const auto time, fields.number());
    event.time = from_micros(time);
    WICK_TRY(event.version, fields.text());
    WICK_TRY(event.instance, fields.text());
    WICK_TRY(event.message, fields.text());
    events.push_back(std::move(event));
  }
  return events;
}

Result<> append_batch(kv::Transaction& transaction, const FunctionName& function, const Batch& batch, std::uint64_t bytes_max) {
  WICK_TRY(auto chunks, chunks_of(transaction, function));
  if (chunks.empty()) {
    chunks.push_back({});
  } else if (chunks.back().bytes >= kChunkBytes) {
    const auto number = chunks.back().number + 1;
    chunks.push_back({.number = number});
  }
  auto& last = chunks.back();
  transaction.put(batch_key(function, last.number, last.batches), batch.encoded);
  last.bytes += batch.bytes;
  last.newest = std::max(last.newest, batch.newest);
  ++last.batches;
  put(transaction, function, last);

  std::uint64_t total = 0;
  for (const auto& chunk : chunks) total += chunk.bytes;
  for (auto oldest = chunks.begin(); total > bytes_max && oldest + 1 != chunks.end(); ++oldest) {
    erase(transaction, function, *oldest);
    total -= oldest->bytes;
  }
  return {};
}

}  // namespace

Result<> Chunks::append(const std::vector<LogEvent>& events) {
  std::map<FunctionName, Batch> batches;
  for (const auto& event : events) batches[event.function].add(event);
  const auto body = [&](kv::Transaction& transaction) -> Result<> {
    for (const auto& [function, batch] : batches) WICK_CHECK(append_batch(transaction, function, batch, bytes_max_));
    return {};
  };
  return store_.transact(body, kv::Durability::buffered);
}

Result<std::vector<LogEvent>> Chunks::read(const FunctionName& function, WallTime since, std::size_t limit) {
  std::vector<LogEvent> newest_first;
  WICK_TRY(const auto chunks, chunks_of(store_, function));
  for (const auto& chunk : chunks | std::views::reverse) {
    if (newest_first.size() >= limit) break;
    if (chunk.newest < micros(since)) continue;
    const kv::KeyRange range{batch_key(function, chunk.number, 0), batch_key(function, chunk.number + 1, 0)};
    WICK_TRY(const auto batches, store_.scan(range, kAll));
    for (const auto& batch : batches | std::views::reverse) {
      if (newest_first.size() >= limit) break;
      WICK_TRY(auto events, decode_batch(function, batch.value));
      for (auto& event : events | std::views::reverse) {
        if (event.time >= since && newest_first.size() < limit) newest_first.push_back(std::move(event));
      }
    }
  }
  std::ranges::reverse(newest_first);
  return newest_first;
}

Result<> Chunks::remove(const FunctionName& function) {
  return store_.transact(
      [&](kv::Transaction& transaction) -> Result<> {
        WICK_TRY(const auto chunks, chunks_of(transaction, function));
        for (const auto& chunk : chunks) erase(transaction, function, chunk);
        return {};
      },
      kv::Durability::buffered);
}

}  // namespace wick::service::logs
