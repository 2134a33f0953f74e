#include "service/usage/call_record.h"

#include <algorithm>
#include <array>

namespace wick::service::usage {
namespace {

using End = invoke::UsageRecord::End;
using invoke::StartLevel;
using invoke::Timing;

constexpr std::array kTimes{&Timing::queue_us, &Timing::start_us, &Timing::init_us,  &Timing::run_us,
                            &Timing::reply_us, &Timing::held_us,  &Timing::billed_ms};

void put(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out.push_back(static_cast<char>(number | 0x80));
  out.push_back(static_cast<char>(number));
}

void put(std::string& out, std::string_view text) {
  put(out, text.size());
  out.append(text);
}

std::uint64_t unsigned_of(std::int64_t value) { return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0)); }

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}
  bool done() const { return rest_.empty(); }
  bool broken() const { return broken_; }

  std::uint64_t number() {
    std::uint64_t out = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      out |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return out;
    }
    broken_ = true;
    return 0;
  }
  std::uint64_t number_below(std::uint64_t end) {
    const std::uint64_t out = number();
    if (out < end) return out;
    broken_ = true;
    return 0;
  }
  std::string text() {
    const std::uint64_t size = number();
    if (size > rest_.size()) broken_ = true;
    const std::string out(rest_.substr(0, broken_ ? 0 : size));
    rest_.remove_prefix(out.size());
    return out;
  }

 private:
  std::string_view rest_;
  bool broken_ = false;
};

CallRecord parse(Reader& reader) {
  CallRecord out;
  out.id = reader.text();
  out.function = reader.text();
  out.version = reader.text();
  out.instance = reader.text();
  out.time = WallTime(WallTime::duration(static_cast<std::int64_t>(reader.number())));
  out.end = static_cast<End>(reader.number_below(static_cast<std::uint64_t>(End::not_started) + 1));
  out.error_type = reader.text();
  out.on_provisioned = reader.number() != 0;
  out.timing.level = static_cast<StartLevel>(reader.number_below(static_cast<std::uint64_t>(StartLevel::boot) + 1));
  for (const auto member : kTimes) out.timing.*member = static_cast<std::int64_t>(reader.number());
  out.timing.memory_peak_mb = reader.number();
  for (auto* member : {&out.memory_mb, &out.tmp_mb, &out.bytes_in, &out.bytes_out, &out.cpu_nanos}) *member = reader.number();
  return out;
}

}  // namespace

void append_record(std::string& out, const invoke::UsageRecord& call) {
  put(out, call.id.str());
  put(out, call.version->name.str());
  put(out, call.version->version);
  put(out, call.instance.str());
  put(out, unsigned_of(call.time.time_since_epoch().count()));
  put(out, static_cast<std::uint64_t>(call.end));
  put(out, call.error_type);
  put(out, std::uint64_t{call.on_provisioned});
  put(out, static_cast<std::uint64_t>(call.timing.level));
  for (const auto member : kTimes) put(out, unsigned_of(call.timing.*member));
  put(out, call.timing.memory_peak_mb);
  for (const std::uint64_t number :
       {std::uint64_t{call.version->memory_mb}, std::uint64_t{call.version->tmp_mb}, call.bytes_in, call.bytes_out, call.cpu_nanos}) {
    put(out, number);
  }
}

Result<std::vector<CallRecord>> parse_calls(std::string_view text) {
  std::vector<CallRecord> out;
  Reader reader(text);
  while (!reader.done()) {
    out.push_back(parse(reader));
    if (reader.broken()) return fail(Errc::internal, "a record of a call cannot be read");
  }
  return out;
}

}  // namespace wick::service::usage
