#pragma once
// Chance of one seed: small, fast, and the same everywhere.
#include <chrono>
#include <cstdint>

namespace wick::sim {

using Micros = std::chrono::microseconds;

struct Range {
  Micros min{};
  Micros max{};
};

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}

  // splitmix64 (Steele, Lea, Flood)
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  Chance other() { return Chance(next()); }

  std::uint32_t between(std::uint32_t min, std::uint32_t max) { return min + static_cast<std::uint32_t>(next() % (max - min + 1)); }
  bool percent(std::uint32_t part) { return next() % 100 < part; }
  bool permille(std::uint32_t part) { return next() % 1000 < part; }
  // Mostly near the lower end, as times are.
  Micros in(Range range) {
    const auto width = static_cast<std::uint64_t>((range.max - range.min).count()) + 1;
    return range.min + Micros(next() % (percent(80) ? width / 8 + 1 : width));
  }

 private:
  std::uint64_t state_;
};

}  // namespace wick::sim
