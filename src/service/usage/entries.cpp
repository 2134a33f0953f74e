#include "service/usage/entries.h"

#include <fmt/format.h>

namespace wick::service::usage {

Result<kv::KeyReader> fields_of(std::string_view value) {
  kv::KeyReader fields(value);
  WICK_TRY(const auto version, fields.number());
  if (version != kFormat) return fail(Errc::internal, fmt::format("usage of unknown format {}", version));
  return fields;
}

Result<> visit_all(kv::Reader& reader, kv::KeyRange range, const std::function<Result<>(const kv::Entry&)>& visitor) {
  for (;;) {
    WICK_TRY(const auto page, reader.scan(range, kPage));
    for (const kv::Entry& entry : page) WICK_CHECK(visitor(entry));
    if (page.size() < kPage) return {};
    range.begin = page.back().key + '\0';
  }
}

}  // namespace wick::service::usage
