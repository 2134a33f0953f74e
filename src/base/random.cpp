#include "base/random.h"

#include <sys/random.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <random>

#include <fmt/format.h>

namespace wick {
namespace {

class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> out) override {
    while (!out.empty()) {
      const auto n = ::getrandom(out.data(), out.size(), 0);
      if (n < 0) {
        if (errno == EINTR) continue;
        std::abort();  // without the kernel's randomness no id or key can be trusted
      }
      out = out.subspan(static_cast<std::size_t>(n));
    }
  }
};

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  void fill(std::span<std::byte> out) override {
    const std::lock_guard lock(mutex_);
    while (!out.empty()) {
      const std::uint64_t word = engine_();
      const auto n = std::min(out.size(), sizeof word);
      std::memcpy(out.data(), &word, n);
      out = out.subspan(n);
    }
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace

std::uint64_t Random::next() {
  std::uint64_t word = 0;
  fill(std::as_writable_bytes(std::span(&word, 1)));
  return word;
}

double Random::unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

Random& Random::system() {
  static SystemRandom random;
  return random;
}

std::unique_ptr<Random> Random::seeded(std::uint64_t seed) { return std::make_unique<SeededRandom>(seed); }

std::string uuid4(Random& random) {
  std::array<std::uint8_t, 16> b{};
  random.fill(std::as_writable_bytes(std::span(b)));
  b[6] = static_cast<std::uint8_t>((b[6] & 0x0f) | 0x40);
  b[8] = static_cast<std::uint8_t>((b[8] & 0x3f) | 0x80);
  return fmt::format("{:02x}-{:02x}-{:02x}-{:02x}-{:02x}", fmt::join(b.begin(), b.begin() + 4, ""), fmt::join(b.begin() + 4, b.begin() + 6, ""),
                     fmt::join(b.begin() + 6, b.begin() + 8, ""), fmt::join(b.begin() + 8, b.begin() + 10, ""),
                     fmt::join(b.begin() + 10, b.end(), ""));
}

}  // namespace wick
