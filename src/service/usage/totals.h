#pragma once
// What many calls used, summed: whole numbers only, so that sums are exact in whatever order and however often they are added up.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "invoke/usage_record.h"

namespace wick::service::usage {

struct Totals {
  std::uint64_t calls = 0;                    // that ran, however they ended
  std::uint64_t errors = 0;                   // of them: not a success
  std::uint64_t throttles = 0;                // refused, and not among the calls
  std::uint64_t starts_version_template = 0;  // calls whose instance was made for them, by where it came from
  std::uint64_t starts_bare_template = 0;
  std::uint64_t starts_boot = 0;
  std::uint64_t init_us = 0;
  std::uint64_t run_us = 0;
  std::uint64_t billed_ms = 0;
  std::uint64_t mb_ms = 0;                 // billed time times memory, on demand
  std::uint64_t on_provisioned_mb_ms = 0;  // the same on provisioned concurrency
  std::uint64_t provisioned_mb_ms = 0;     // provisioned concurrency asked for, used or not
  std::uint64_t storage_mb_ms = 0;         // billed time times what /tmp has beyond 512 MB
  std::uint64_t cpu_nanos = 0;             // within calls and beside them
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t memory_peak_mb = 0;  // the highest, not a sum

  void add(const invoke::UsageRecord& record);
  // One call and what of it is billed.
  void bill(std::uint64_t billed, std::uint64_t memory_mb, std::uint64_t tmp_mb, bool on_provisioned);
  Totals& operator+=(const Totals& other);
  std::uint64_t cold_starts() const { return starts_version_template + starts_bare_template + starts_boot; }
  friend bool operator==(const Totals&, const Totals&) = default;
};

std::string to_record(const Totals& totals);
Result<Totals> parse_totals(std::string_view record);

}  // namespace wick::service::usage
