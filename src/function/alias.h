#pragma once
// An alias: a name for a version that can be moved, and that may send a part of the calls to a second version.
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace wick::function {

struct Alias {
  std::string name;
  std::string version;  // a number, or $LATEST
  std::string description;
  std::map<std::string, double> weights;  // at most one: the second version and its share of the calls, 0-1
  std::string revision_id;
};

struct AliasChange {  // unset members stay as they are
  std::optional<std::string> version;
  std::optional<std::string> description;
  std::optional<std::map<std::string, double>> weights;
  std::string revision_id;  // the alias must be at this revision; empty for any
};

std::string to_record(const Alias& alias);
Result<Alias> parse_alias(std::string_view record);

}  // namespace wick::function
