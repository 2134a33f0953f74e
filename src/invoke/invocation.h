#pragma once
// One invocation: what goes in, what comes out. Plain data between the APIs, the event workers and the engine.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "base/result.h"
#include "base/strong.h"
#include "function/version.h"

namespace wick::invoke {

using RequestId = Strong<struct RequestIdTag>;  // uuid

// AWS, "Lambda quotas".
inline constexpr std::size_t kPayloadMax = 6 * 1024 * 1024;   // synchronous request or response, bytes
inline constexpr std::size_t kEventPayloadMax = 1024 * 1024;  // event (asynchronous) request, bytes
inline constexpr std::size_t kStreamMax = 200 * 1024 * 1024;  // streamed response, bytes
inline constexpr std::size_t kLogTailMax = 4 * 1024;          // LogType=Tail, bytes

struct Invocation {
  RequestId id;
  function::VersionPtr version;
  std::string invoked_arn;     // as the caller qualified it
  std::string payload;         // JSON
  std::string client_context;  // JSON, empty for none
  std::string trace_id;        // X-Amzn-Trace-Id
};

// Where the instance of an invocation came from, nearest first.
enum class StartLevel { idle, version_template, bare_template, boot };

// The stages of an invocation, one after another, in microseconds; start_us and init_us are zero on an idle instance.
struct Timing {
  StartLevel level = StartLevel::idle;
  std::int64_t queue_us = 0;  // until it had an instance, or the making of one began
  std::int64_t start_us = 0;  // the fork or the boot: until the runtime's process was there
  std::int64_t init_us = 0;   // until the runtime was ready for it
  std::int64_t run_us = 0;    // until the runtime had answered; streamed output included
  std::int64_t reply_us = 0;  // until the answer was handed on: the instance's exit, where that is awaited, its last output, its log lines
  std::int64_t held_us = 0;   // part of run_us: the caller was slow to take streamed output
  std::int64_t billed_ms = 0;
  std::uint64_t memory_peak_mb = 0;  // as the REPORT line has it

  bool cold() const { return level != StartLevel::idle; }

  // A fork of the version's template restores what init has left, as AWS SnapStart does: the fork itself is not billed, what the
  // runtime and its hooks do after it is.
  bool restored() const { return level == StartLevel::version_template; }
  std::int64_t restore_us() const { return start_us + init_us; }
  std::int64_t billed_restore_ms() const { return (init_us + 999) / 1000; }
};

// What happened, whether the function succeeded or not. An Error from Engine::invoke instead means that it did not
// run, or not to its end.
struct Outcome {
  std::string payload;         // the function's result, or the error object as JSON; empty when it was streamed
  std::string function_error;  // empty on success, else "Unhandled" (X-Amz-Function-Error)
  std::string error_type;      // Runtime.ExitError, Sandbox.Timedout, or the exception's own; empty on success
  std::string log_tail;        // the last 4 KiB of this invocation's log
  Timing timing;
};

// Takes a streamed reply as it is produced. Calls come in order on the event loop; the function is held back while one is
// awaited. An error from any of them (the client is gone) ends the delivery, and the function's remaining output is dropped.
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;
  // Once, before any chunk. content_type as the function set it, default application/octet-stream.
  virtual boost::asio::awaitable<Result<>> begin(std::string content_type) = 0;
  virtual boost::asio::awaitable<Result<>> write(std::string chunk) = 0;
};

}  // namespace wick::invoke
