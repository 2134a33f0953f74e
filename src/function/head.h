#pragma once
// The first record of a function: $LATEST and what belongs to the function as a whole.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "function/version.h"

namespace wick::function {

using Tags = std::map<std::string, std::string>;

struct Head {
  Version latest;
  Tags tags;
  std::optional<std::uint32_t> reserved_concurrency;
  std::string recursive_loop = "Terminate";  // Allow or Terminate: kept and shown, without effect so far
  std::string published_version;             // the last one that was published, and what it was, so that
  std::string published_fingerprint;         // publishing the same again makes no new one
};

std::string to_record(const Head& head);
Result<Head> parse_head(std::string_view record);

}  // namespace wick::function
