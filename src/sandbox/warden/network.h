#pragma once
// Network namespaces for instances: loopback and nothing else, with two sockets that already listen there. The daemon gets the
// sockets, so it serves the code inside without ever entering the namespace, and nothing else leads out.
#include "base/fd.h"
#include "base/result.h"

namespace wick::sandbox::warden {

inline constexpr std::uint16_t kRuntimeApiPort = 9001;
inline constexpr std::uint16_t kApiPort = 4566;

struct InstanceNetwork {
  UniqueFd ns;
  UniqueFd runtime_api;  // listens on 127.0.0.1:9001
  UniqueFd api;          // listens on 127.0.0.1:4566
};

// Raises the loopback of the calling process's namespace and listens there; ns stays without a descriptor.
Result<InstanceNetwork> furnish_network();

class Networks {
 public:
  // Moves the calling process into an empty network namespace, its home. proc_self is an open folder /proc/self.
  static Result<Networks> open(UniqueFd proc_self);

  // Takes the kernel half a millisecond, and now and then several.
  Result<InstanceNetwork> make() const;

  // Moves the calling process, for good.
  static Result<> enter(const InstanceNetwork& network);

 private:
  explicit Networks(UniqueFd proc_self, UniqueFd home) : proc_self_(std::move(proc_self)), home_(std::move(home)) {}

  UniqueFd proc_self_;
  UniqueFd home_;
};

}  // namespace wick::sandbox::warden
