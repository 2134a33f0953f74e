#pragma once
// Randomness, from one place, so that a simulation can replay a seed. Nothing else in src/ asks for random bytes.
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace wick {

// Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> out) = 0;

  std::uint64_t next();
  double unit();  // [0, 1)

  static Random& system();                                    // the kernel's, fit for secrets
  static std::unique_ptr<Random> seeded(std::uint64_t seed);  // replayable, never for secrets
};

std::string uuid4(Random& random = Random::system());  // "b0a1...-4...": request ids, revision ids

}  // namespace wick
