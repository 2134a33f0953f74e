#pragma once
// Metering, durably: what each call used, and the sums by hour, function, version and tag.
//
// append() only buffers; a batch is committed at the latest 500 ms later without waiting for the disk (kv::Durability::buffered). With
// what waits in the engine for a reading of the cgroups (about a second), kill -9 of the daemon loses the usage of at most its last
// 2 seconds, a power loss one second more, a clean stop nothing. A batch is there wholly or not at all, so nothing is counted twice.
// Tags are those of the function when its batch is written.
//
// Sums are kept for 400 days, single calls for 24 hours and at most the newest 200,000 (books.h). When the buffer is full, single calls are dropped
// and their sums kept; both kinds of loss are counted (buffer.h).
//
// Threads: event loop; what blocks goes to the pool. Owned by daemon/.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/clock.h"
#include "base/result.h"
#include "service/usage/books.h"
#include "service/usage/buffer.h"

namespace wick {
class WorkerPool;
}

namespace wick::service::usage {

struct UsageOptions {
  Buffer::Bounds bounds;
  Retention retention;
};

struct Question {
  enum class By { hour, function, version, tag };
  Hour from = 0;  // from <= hour < to
  Hour to = 0;
  By by = By::function;
  std::string tag;  // its key
};

struct Answer {
  struct Row {
    std::optional<std::string> name;  // the function, the hour as 2026-01-02T03:00:00.000Z, or the tag's value; none: without that tag
    std::string version;              // by version
    Totals totals;
  };
  std::vector<Row> rows;
  Totals total;
  Losses losses;
};

class Usage {
 public:
  // All references outlive it. tags_of is called on the pool.
  Usage(boost::asio::any_io_executor loop, WorkerPool& pool, kv::Store& store, const Clock& clock, Books::TagsOf tags_of, UsageOptions options = {});
  ~Usage();

  void append(invoke::UsageRecord record);

  // Both include what was appended before.
  boost::asio::awaitable<Result<Answer>> sums(Question question);
  boost::asio::awaitable<Result<std::vector<CallRecord>>> calls(std::string request_id);

  boost::asio::awaitable<void> stop();  // writes what is buffered; takes nothing more

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace wick::service::usage
