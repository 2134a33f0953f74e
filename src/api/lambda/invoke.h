#pragma once
// Invoke, InvokeAsync and InvokeWithResponseStream: on the event loop all the way, as they are what must be fast.
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>

#include "api/lambda/errors.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/worker_pool.h"
#include "event/queue.h"
#include "function/registry.h"
#include "http/message.h"
#include "invoke/engine.h"

namespace wick::api::lambda {

// What an invocation needs of the daemon; the references outlive it.
struct Invoker {
  boost::asio::any_io_executor loop;
  function::Registry& registry;
  invoke::Engine& engine;
  event::Queue& queue;
  WorkerPool& pool;
  const Clock& clock;
  Random& random;
};

using Reply = ApiResult<http::Response>;

// input: as the service model read it. trace_id: the caller's X-Amzn-Trace-Id, empty for none. The reply carries no request id yet.
boost::asio::awaitable<Reply> invoke(Invoker invoker, boost::json::object input, invoke::RequestId id, std::string trace_id);
boost::asio::awaitable<Reply> invoke_async(Invoker invoker, boost::json::object input, invoke::RequestId id, std::string trace_id);
boost::asio::awaitable<Reply> invoke_with_response_stream(Invoker invoker, boost::json::object input, invoke::RequestId id, std::string trace_id);

}  // namespace wick::api::lambda
