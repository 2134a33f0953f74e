#include "base/random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <random>
#include <string_view>

namespace wick {
namespace {

void fill_from_kernel(std::span<std::byte> out) {
  while (!out.empty()) {
    const auto n = ::getrandom(out.data(), out.size(), 0);
    if (n < 0) {
      if (errno == EINTR) continue;
      std::abort();  // without the kernel's randomness no id or key can be trusted
    }
    out = out.subspan(static_cast<std::size_t>(n));
  }
}

// Fetches a kilobyte at once for small requests, each thread its own, and wipes what it gives. No process that runs on after a
// fork() uses it, or parent and child would draw the same.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> out) override {
    thread_local std::array<std::byte, 1024> pool;
    thread_local std::size_t left = 0;
    if (out.size() > pool.size() / 4) return fill_from_kernel(out);
    if (out.size() > left) {
      fill_from_kernel(pool);
      left = pool.size();
    }
    const auto drawn = std::span(pool).subspan(left - out.size(), out.size());
    std::memcpy(out.data(), drawn.data(), out.size());
    explicit_bzero(drawn.data(), drawn.size());
    left -= out.size();
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
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<std::uint8_t, 16> bytes{};
  random.fill(std::as_writable_bytes(std::span(bytes)));
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out.push_back('-');
    out.push_back(digits[bytes[i] >> 4]);
    out.push_back(digits[bytes[i] & 15]);
  }
  return out;
}

}  // namespace wick
