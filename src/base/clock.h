#pragma once
// Time, from one place, so that a simulation can put its own in. Nothing else in src/ reads a system clock.
#include <chrono>
#include <string>

namespace wick {

using Millis = std::chrono::milliseconds;
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;
using MonoTime = std::chrono::steady_clock::time_point;

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime now() const = 0;        // UTC; may jump
  virtual MonoTime monotonic() const = 0;  // never goes back; only differences mean anything

  static const Clock& system();
};

std::string format_iso8601_millis(WallTime t);  // 2026-01-02T03:04:05.678+0000, as Lambda's LastModified
std::string format_iso8601_zulu(WallTime t);    // 2026-01-02T03:04:05.678Z, as in log lines
long long unix_millis(WallTime t);

}  // namespace wick
