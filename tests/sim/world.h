#pragma once
// One seed: an engine, the machine below it and the callers above, for a few minutes of virtual time.
#include <cstdint>
#include <string>

#include "blob/store.h"
#include "fault.h"
#include "function/packages.h"

namespace wick::sim {

// What is the same for all seeds.
struct Ground {
  function::Packages& packages;
  blob::BlobId code;
};

struct Verdict {
  std::string broken;       // what did not hold, and when; empty if all did
  std::uint64_t trace = 0;  // of all events: the same seed has the same
  std::uint64_t calls = 0;
  std::uint64_t steps = 0;
  double seconds = 0;  // of virtual time
};

Verdict run_seed(std::uint64_t seed, const Ground& ground, Fault fault, bool verbose);

}  // namespace wick::sim
