#include "daemon/duration.h"

#include <charconv>
#include <cstdint>

#include <fmt/format.h>

namespace wick::daemon {

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr std::int64_t kYearMs = 365LL * 24 * 3'600'000;
  const auto bad = [text] {
    return fail(Errc::invalid_argument, fmt::format("'{}' is not a duration: write a number and ms, s, m or h, such as 200ms, 30s or 10m", text));
  };
  std::int64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return bad();
  const std::string_view unit(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
  std::int64_t unit_ms = 0;
  if (unit == "ms") unit_ms = 1;
  if (unit == "s") unit_ms = 1'000;
  if (unit == "m") unit_ms = 60'000;
  if (unit == "h") unit_ms = 3'600'000;
  if (unit_ms == 0 || number > kYearMs / unit_ms) return bad();
  return std::chrono::milliseconds(number * unit_ms);
}

}  // namespace wick::daemon
