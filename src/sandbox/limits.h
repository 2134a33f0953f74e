#pragma once
// What an instance may use, and what it has used: the values that the daemon and the warden share.
#include <cstdint>

namespace wick::sandbox {

enum class Network {
  api_only,  // loopback, and Wick's own API on it
  outside,   // and the outside world, where the host allows it
};

struct Limits {
  std::uint64_t memory_bytes = 0;
  std::uint32_t cpu_millis = 0;  // thousandths of a core: 1769 MB of memory are 1000 (AWS, "Configure Lambda function memory")
  std::uint32_t pids = 0;
  std::uint64_t tmp_bytes = 0;  // size of /tmp
  bool operator==(const Limits&) const = default;
};

// How the process tree ended and what it used, from its cgroup (zero where there is none).
struct Exit {
  int status = 0;              // as waitpid(2) gives it
  bool out_of_memory = false;  // the kernel killed for the memory limit
  std::uint64_t memory_peak_bytes = 0;
  std::uint64_t cpu_nanos = 0;
};

struct Usage {
  std::uint64_t memory_peak_bytes = 0;
  std::uint64_t cpu_nanos = 0;
};

}  // namespace wick::sandbox
