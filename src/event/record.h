#pragma once
// One accepted event as it lies in kv/: the retry state under its due time, the payload under its id. Keys are tuples (kv/key.h):
//
//   ("event", "due", due, request id)           Record, small, rewritten by each retry
//   ("event", "payload", request id)            the payload, written once
//   ("event", "undelivered", time, request id)  Undelivered: a result whose destination cannot be reached
//
// Times are microseconds since the epoch. A value is a tuple too, its format version first. Pure functions.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "function/version.h"
#include "invoke/invocation.h"
#include "kv/store.h"

namespace wick::event {

struct Record {
  invoke::RequestId id;
  function::FunctionName function;
  std::string qualifier;
  std::string client_context;
  std::string trace_id;
  WallTime accepted;
  std::uint32_t function_errors = 0;  // attempts that ran and failed
  std::uint32_t refusals = 0;         // attempts that did not run: throttled, or Wick's own trouble
  std::uint32_t hops = 0;             // destinations passed on the way here, so that a loop of them ends
  std::uint64_t payload_bytes = 0;    // of the payload beside it; 0 in a record of format 1
};

struct Undelivered {
  std::string destination_arn;
  std::string record;  // the destination record as JSON
};

kv::KeyRange due_range();
kv::KeyRange undelivered_range();

std::string due_key(WallTime due, const invoke::RequestId& id);
std::string payload_key(const invoke::RequestId& id);
std::string undelivered_key(WallTime time, const invoke::RequestId& id);
Result<WallTime> due_of(std::string_view due_key);

std::string encode(const Record& record);
std::string encode(const Undelivered& result);
// Error: internal, for bytes that encode() did not write.
Result<Record> decode_record(std::string_view bytes);
Result<Undelivered> decode_undelivered(std::string_view bytes);

}  // namespace wick::event
