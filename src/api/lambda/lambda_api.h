#pragma once
// The Lambda API (REST-JSON, 2015-03-31 and its later-dated paths): requests in, AWS's answers out.
//
// The service model (lambda.json) reads and checks each request; a handler per operation (operations.h, invoke.h) does it. Invocations
// stay on the event loop; everything else runs on the pool, as it reads and writes the registry.
// Threads: event loop. Owned by daemon/.
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "api/lambda/call.h"
#include "base/clock.h"
#include "base/random.h"
#include "http/message.h"

namespace wick {
class WorkerPool;
}
namespace wick::event {
class Queue;
}

namespace wick::api::lambda {

// All of them outlive the API.
struct LambdaParts {
  boost::asio::any_io_executor loop;
  function::Registry& registry;
  blob::Store& blobs;
  function::Packages& packages;
  function::Runtimes& runtimes;
  invoke::Engine& engine;
  event::Queue& queue;
  WorkerPool& pool;
  const Clock& clock;
  Random& random;
};

class LambdaApi {
 public:
  LambdaApi(LambdaParts parts, LambdaOptions options);
  ~LambdaApi();

  // Finishes what an earlier run left pending and gives the engine its concurrency settings and the runtimes in use. Blocks: before the loop serves
  // anyone.
  Result<> start();

  boost::asio::awaitable<http::Response> handle(http::Request request);

  // Waits for packages that are being prepared.
  boost::asio::awaitable<void> stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wick::api::lambda
