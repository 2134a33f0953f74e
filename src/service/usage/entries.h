#pragma once
// Reading what service/usage keeps in kv/: whole ranges, and values that begin with their format version.
#include <functional>
#include <string_view>

#include "base/result.h"
#include "kv/key.h"
#include "kv/store.h"

namespace wick::service::usage {

inline constexpr std::uint64_t kFormat = 1;
inline constexpr std::size_t kPage = 1'024;  // entries read at once

// The fields behind the format version. Error: internal, for a version of the future.
Result<kv::KeyReader> fields_of(std::string_view value);

// Every entry of the range in order, a page at a time.
Result<> visit_all(kv::Reader& reader, kv::KeyRange range, const std::function<Result<>(const kv::Entry&)>& visitor);

}  // namespace wick::service::usage
