// Registry: totals over everything that is deployed.
#include <map>

#include "function/json_fields.h"
#include "function/json_record.h"
#include "function/registry_impl.h"
#include "function/version_record.h"

namespace wick::function {

Result<Usage> Registry::usage() {
  Usage out;
  std::map<std::string, bool> has_reservation;
  WICK_CHECK(scan_all(impl_->store, kv::prefix_range(keys::heads()), [&](const kv::Entry& entry) -> Result<> {
    WICK_TRY(const auto head, parse_head(entry.value));
    ++out.functions;
    out.code_bytes += head.latest.code_size;
    out.reserved += head.reserved_concurrency.value_or(0);
    has_reservation[head.latest.name.str()] = head.reserved_concurrency.has_value();
    return {};
  }));
  WICK_CHECK(scan_all(impl_->store, kv::prefix_range(keys::all(keys::kVersion)), [&](const kv::Entry& entry) -> Result<> {
    WICK_TRY(const auto version, parse_version(entry.value));
    out.code_bytes += version.code_size;
    return {};
  }));
  WICK_CHECK(scan_all(impl_->store, kv::prefix_range(keys::layers()), [&](const kv::Entry& entry) -> Result<> {
    WICK_TRY(const auto layer, parse_layer(entry.value));
    out.code_bytes += layer.code_size;
    return {};
  }));
  WICK_TRY(const auto all, concurrency());
  for (const auto& provisioned : all.provisioned) {
    if (!has_reservation[provisioned.function.str()]) out.reserved += provisioned.requested;
  }
  return out;
}

}  // namespace wick::function
