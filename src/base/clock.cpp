#include "base/clock.h"

#include <fmt/chrono.h>

namespace wick {
namespace {

class SystemClock final : public Clock {
 public:
  WallTime now() const override { return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()); }
  MonoTime monotonic() const override { return std::chrono::steady_clock::now(); }
};

std::string format_millis(WallTime t, const char* suffix) {
  const auto millis = unix_millis(t);
  const std::time_t seconds = static_cast<std::time_t>(millis / 1000);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}{}", fmt::gmtime(seconds), millis % 1000, suffix);
}

}  // namespace

const Clock& Clock::system() {
  static const SystemClock clock;
  return clock;
}

std::string format_iso8601_millis(WallTime t) { return format_millis(t, "+0000"); }
std::string format_iso8601_zulu(WallTime t) { return format_millis(t, "Z"); }

long long unix_millis(WallTime t) { return std::chrono::duration_cast<std::chrono::milliseconds>(t.time_since_epoch()).count(); }

}  // namespace wick
