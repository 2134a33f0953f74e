#pragma once
// The durable queue of event (asynchronous) invocations: accepted once, run at least once, then done, retried, or sent to its
// destination. Nothing accepted is lost by kill -9.
//
// An event is one record in kv/ with its retry state, under the time it is due at. A worker leases it (the due time moves ahead by
// the lease, so that a worker that dies gives it back), runs it through invoke::Engine, and removes or reschedules it in one
// transaction, together with the event its destination gets. AWS's rules (Lambda Developer Guide, "Invoking a Lambda function
// asynchronously"): two retries after function errors, one minute and two minutes later; throttles and system errors are retried with
// backoff from 1 second to 5 minutes until the event is too old (6 hours by default).
//
// Threads: event loop; what blocks goes to the pool. Owned by daemon/.
#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "function/version.h"
#include "invoke/invocation.h"
#include "kv/store.h"

namespace wick {
class WorkerPool;
}
namespace wick::function {
class Registry;
}
namespace wick::invoke {
class Engine;
}

namespace wick::event {

struct Event {
  invoke::RequestId id;
  function::FunctionName function;
  std::string qualifier;       // as the caller gave it; resolved again at each attempt, as AWS does
  std::string payload;         // JSON, at most invoke::kEventPayloadMax
  std::string client_context;  // JSON, empty for none
  std::string trace_id;
};

struct QueueOptions {
  std::size_t workers = 64;  // attempts in flight at once
  std::size_t backlog_max = 1'000'000;  // events kept; over it accept() answers throttled
};

class Queue {
 public:
  // All references outlive the queue.
  Queue(boost::asio::any_io_executor loop, WorkerPool& pool, kv::Store& store, function::Registry& registry, invoke::Engine& engine,
        const Clock& clock, Random& random, QueueOptions options = {});
  ~Queue();

  // Begins with what an earlier run left behind.
  void start();

  // Durable when it returns. Errors: throttled (the backlog is full), unavailable (stopping), io.
  boost::asio::awaitable<Result<>> accept(Event event);

  // Takes no further events; waits for attempts in flight. Those that do not finish are taken again at the next start.
  boost::asio::awaitable<void> stop();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace wick::event
