#pragma once
// Durations as people write them: a whole number and a unit, ms, s, m or h.
#include <chrono>
#include <string_view>

#include "base/result.h"

namespace wick::daemon {

// "200ms", "30s", "10m", "2h"; at most a year. Errors: invalid_argument.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace wick::daemon
