#include "event/record.h"

#include <fmt/format.h>

#include "kv/key.h"

namespace wick::event {
namespace {

constexpr std::uint64_t kRecordVersion = 2;
constexpr std::uint64_t kRecordVersionUnsized = 1;  // without payload_bytes
constexpr std::uint64_t kUndeliveredVersion = 1;

std::uint64_t micros(WallTime t) { return static_cast<std::uint64_t>(t.time_since_epoch().count()); }
WallTime from_micros(std::uint64_t value) { return WallTime(WallTime::duration(static_cast<std::int64_t>(value))); }

std::unexpected<Error> unknown_format(std::uint64_t version) {
  return fail(Errc::internal, fmt::format("an event record of unknown format {}", version));
}

}  // namespace

kv::KeyRange due_range() { return kv::prefix_range(kv::make_key("event", "due")); }
kv::KeyRange undelivered_range() { return kv::prefix_range(kv::make_key("event", "undelivered")); }

std::string due_key(WallTime due, const invoke::RequestId& id) { return kv::make_key("event", "due", micros(due), id.str()); }
std::string payload_key(const invoke::RequestId& id) { return kv::make_key("event", "payload", id.str()); }
std::string undelivered_key(WallTime time, const invoke::RequestId& id) { return kv::make_key("event", "undelivered", micros(time), id.str()); }

Result<WallTime> due_of(std::string_view due_key) {
  kv::KeyReader parts(due_key);
  WICK_CHECK(parts.text());
  WICK_CHECK(parts.text());
  WICK_TRY(const auto due, parts.number());
  return from_micros(due);
}

std::string encode(const Record& record) {
  return kv::make_key(kRecordVersion, record.id.str(), record.function.str(), record.qualifier, record.client_context, record.trace_id,
                      micros(record.accepted), record.function_errors, record.refusals, record.hops, record.payload_bytes);
}

Result<Record> decode_record(std::string_view bytes) {
  kv::KeyReader fields(bytes);
  WICK_TRY(const auto version, fields.number());
  if (version != kRecordVersion && version != kRecordVersionUnsized) return unknown_format(version);
  WICK_TRY(auto id, fields.text());
  WICK_TRY(auto function, fields.text());
  Record record;
  record.id = invoke::RequestId(std::move(id));
  record.function = function::FunctionName(std::move(function));
  WICK_TRY(record.qualifier, fields.text());
  WICK_TRY(record.client_context, fields.text());
  WICK_TRY(record.trace_id, fields.text());
  WICK_TRY(const auto accepted, fields.number());
  WICK_TRY(const auto function_errors, fields.number());
  WICK_TRY(const auto refusals, fields.number());
  WICK_TRY(const auto hops, fields.number());
  if (version == kRecordVersion) {
    WICK_TRY(record.payload_bytes, fields.number());
  }
  record.accepted = from_micros(accepted);
  record.function_errors = static_cast<std::uint32_t>(function_errors);
  record.refusals = static_cast<std::uint32_t>(refusals);
  record.hops = static_cast<std::uint32_t>(hops);
  return record;
}

std::string encode(const Undelivered& result) { return kv::make_key(kUndeliveredVersion, result.destination_arn, result.record); }

Result<Undelivered> decode_undelivered(std::string_view bytes) {
  kv::KeyReader fields(bytes);
  WICK_TRY(const auto version, fields.number());
  if (version != kUndeliveredVersion) return unknown_format(version);
  Undelivered result;
  WICK_TRY(result.destination_arn, fields.text());
  WICK_TRY(result.record, fields.text());
  return result;
}

}  // namespace wick::event
