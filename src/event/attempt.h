#pragma once
// One attempt at an event, from its record to its next record: resolve, invoke, decide, commit.
//
// Threads: event loop; what blocks goes to the pool. Owned by the queue, which outlives every attempt.
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "base/clock.h"
#include "base/random.h"
#include "base/worker_pool.h"
#include "event/ledger.h"
#include "event/queue.h"

namespace wick::event {

struct Runner {
  // What an attempt changed in the store.
  struct End {
    std::optional<Due> removed;  // the event's key is gone
    std::optional<Due> added;    // in its place: the event itself for later, or its destination's event
  };

  WorkerPool& pool;
  Ledger& ledger;
  const Resolve resolve;
  const Invoke invoke;
  const Clock& clock;
  Random& random;
  bool stopping = false;  // an event that is refused now keeps its record: it is not its fault
  bool closed = false;    // the store is not touched any more

  // entry: what lies under key, or null to read it there. When the store fails, waits a second and changes nothing.
  boost::asio::awaitable<End> attempt(std::string key, std::shared_ptr<Entry> entry);

 private:
  struct Start {
    std::shared_ptr<Entry> entry;  // null: the event is over already
    Result<Callee> callee;
  };
  // These block.
  Result<Start> prepare(const std::string& key, std::shared_ptr<Entry> entry);
  Result<End> settle(const std::string& key, Record record, const Result<Callee>& callee, const Result<invoke::Outcome>& outcome);
  Result<Replacement> deliver(const std::string& arn, const Record& record, std::string_view condition, const Callee& callee,
                              const invoke::Outcome* outcome);
};

}  // namespace wick::event
