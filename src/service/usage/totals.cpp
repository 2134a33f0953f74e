#include "service/usage/totals.h"

#include <algorithm>
#include <array>

#include "service/usage/entries.h"

namespace wick::service::usage {
namespace {

constexpr std::uint64_t kFreeStorageMb = 512;

// In the order of the stored record, memory_peak_mb after them.
constexpr std::array kSums{&Totals::calls,
                           &Totals::errors,
                           &Totals::throttles,
                           &Totals::starts_version_template,
                           &Totals::starts_bare_template,
                           &Totals::starts_boot,
                           &Totals::init_us,
                           &Totals::run_us,
                           &Totals::billed_ms,
                           &Totals::mb_ms,
                           &Totals::on_provisioned_mb_ms,
                           &Totals::provisioned_mb_ms,
                           &Totals::storage_mb_ms,
                           &Totals::cpu_nanos,
                           &Totals::bytes_in,
                           &Totals::bytes_out};
static_assert(sizeof(Totals) == (kSums.size() + 1) * sizeof(std::uint64_t), "a new member needs a place here and a new format");

std::uint64_t unsigned_of(std::int64_t value) { return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0)); }

void add_call(Totals& totals, const invoke::UsageRecord& call) {
  const invoke::Timing& timing = call.timing;
  if (call.end != invoke::UsageRecord::End::success) ++totals.errors;
  switch (timing.level) {
    case invoke::StartLevel::idle:
      break;
    case invoke::StartLevel::version_template:
      ++totals.starts_version_template;
      break;
    case invoke::StartLevel::bare_template:
      ++totals.starts_bare_template;
      break;
    case invoke::StartLevel::boot:
      ++totals.starts_boot;
      break;
  }
  totals.init_us += unsigned_of(timing.init_us);
  totals.run_us += unsigned_of(timing.run_us);
  totals.bill(unsigned_of(timing.billed_ms), call.version->memory_mb, call.version->tmp_mb, call.on_provisioned);
  totals.bytes_in += call.bytes_in;
  totals.bytes_out += call.bytes_out;
}

}  // namespace

void Totals::add(const invoke::UsageRecord& record) {
  using End = invoke::UsageRecord::End;
  if (record.end == End::throttled) ++throttles;
  if (record.end == End::throttled || record.end == End::not_started) return;
  if (record.kind == invoke::UsageRecord::Kind::call) add_call(*this, record);
  provisioned_mb_ms += record.provisioned_ms * record.version->memory_mb;
  cpu_nanos += record.cpu_nanos;
  memory_peak_mb = std::max(memory_peak_mb, record.memory_peak_mb);
}

void Totals::bill(std::uint64_t billed, std::uint64_t memory_mb, std::uint64_t tmp_mb, bool on_provisioned) {
  ++calls;
  billed_ms += billed;
  (on_provisioned ? on_provisioned_mb_ms : mb_ms) += billed * memory_mb;
  storage_mb_ms += billed * (std::max(tmp_mb, kFreeStorageMb) - kFreeStorageMb);
}

Totals& Totals::operator+=(const Totals& other) {
  for (const auto member : kSums) this->*member += other.*member;
  memory_peak_mb = std::max(memory_peak_mb, other.memory_peak_mb);
  return *this;
}

std::string to_record(const Totals& totals) {
  std::string out = kv::make_key(kFormat);
  for (const auto member : kSums) kv::append_part(out, totals.*member);
  kv::append_part(out, totals.memory_peak_mb);
  return out;
}

Result<Totals> parse_totals(std::string_view record) {
  WICK_TRY(auto fields, fields_of(record));
  Totals out;
  for (const auto member : kSums) {
    WICK_TRY(out.*member, fields.number());
  }
  WICK_TRY(out.memory_peak_mb, fields.number());
  return out;
}

}  // namespace wick::service::usage
