#pragma once
// The durable queue of event (asynchronous) invocations: accepted once, run at least once, then done, retried, or sent to its
// destination. Nothing accepted is lost by kill -9.
//
// An event is one record in kv/ with its retry state, under the time it is due at (event/record.h). A worker runs it and then, in one
// transaction, removes or reschedules it together with the event its destination gets. AWS's rules of retrying are in event/retry.h.
// One process has the store at a time, so the lease on an event in work is held in memory: what a killed daemon had in work is
// due at the next start.
//
// A new event goes straight from its commit to a free worker. Only when no worker is free, or an event is due later, is it found
// again by a scan of what is due; one timer stands at the earliest such time, so an idle queue costs nothing, and memory does not
// grow with the backlog.
//
// A function never has more of the workers, or of the backlog, than it leaves free (event/shares.h), so that one whose events pile up
// does not hold up the others'.
//
// Accepting is synced to disk before the caller hears of it. Outcomes are written unsynced: a power loss within a second of one
// runs that event again. The outcome for a destination that Wick does not serve is logged and kept under event/undelivered/, the
// newest kUndeliveredMax of them (event/ledger.h).
//
// Threads: event loop; what blocks goes to the pool. Owned by daemon/.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "function/registry.h"
#include "function/version.h"
#include "invoke/invocation.h"
#include "kv/store.h"

namespace wick {
class WorkerPool;
}

namespace wick::event {

struct Event {
  invoke::RequestId id;  // unique
  function::FunctionName function;
  std::string qualifier;       // as the caller gave it; resolved again at each attempt, as AWS does
  std::string payload;         // JSON, at most invoke::kEventPayloadMax
  std::string client_context;  // JSON, empty for none
  std::string trace_id;
};

struct QueueOptions {
  std::size_t workers = 256;                                     // attempts in flight at once
  std::size_t backlog_max = 1'000'000;                           // events kept; over it accept() answers throttled
  std::uint64_t backlog_bytes_max = 32ULL * 1024 * 1024 * 1024;  // of their payloads; likewise
};

// What an attempt needs to know of its function at that moment.
struct Callee {
  function::Target target;
  function::EventInvokeConfig config;
  bool disabled = false;  // its reserved concurrency is zero: the event goes to its failure destination without an attempt
};

// Called on the pool. Error: not_found when the function or its qualifier is gone.
using Resolve = std::function<Result<Callee>(const function::FunctionName& function, const std::string& qualifier)>;
// invoke::Engine::invoke, in the daemon.
using Invoke = std::function<boost::asio::awaitable<Result<invoke::Outcome>>(invoke::Invocation)>;

class Queue {
 public:
  // All references outlive the queue.
  Queue(boost::asio::any_io_executor loop, WorkerPool& pool, kv::Store& store, function::Registry& registry, Invoke invoke, const Clock& clock,
        Random& random, QueueOptions options = {});
  Queue(boost::asio::any_io_executor loop, WorkerPool& pool, kv::Store& store, Resolve resolve, Invoke invoke, const Clock& clock, Random& random,
        QueueOptions options = {});
  ~Queue();

  // Begins with what an earlier run left behind. Blocks while that is counted: call it before the loop serves anyone.
  void start();

  // Durable when it returns. Errors: throttled (the backlog is full, or the function's share of it), too_large, unavailable (stopping), io.
  boost::asio::awaitable<Result<>> accept(Event event);

  // Looks for due events now; for a clock that was set forward.
  void wake();

  // Takes no further events and waits for attempts in flight, at most grace. What does not finish is taken again at the next start.
  boost::asio::awaitable<void> stop(std::chrono::milliseconds grace = std::chrono::seconds(5));

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace wick::event
