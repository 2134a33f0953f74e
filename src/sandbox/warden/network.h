#pragma once
// Network namespaces for instances: loopback and nothing else, with two sockets that already listen there. The daemon gets the
// sockets, so it serves the code inside without ever entering the namespace, and nothing else leads out.
//
// Making one takes the kernel half a millisecond, and now and then several, so a few are made ahead of need.
#include <deque>

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

class Networks {
 public:
  // Moves the calling process into an empty network namespace, its home. proc_self is an open folder /proc/self.
  static Result<Networks> open(UniqueFd proc_self);

  Result<InstanceNetwork> take();  // from the stock, or made now
  bool stocked() const;
  Result<> stock_one();

  // What the calling process makes next, children included, is in this network; go_home() ends that.
  static Result<> enter(const InstanceNetwork& network);
  Result<> go_home() const;

 private:
  explicit Networks(UniqueFd proc_self, UniqueFd home) : proc_self_(std::move(proc_self)), home_(std::move(home)) {}
  Result<InstanceNetwork> make() const;

  UniqueFd proc_self_;
  UniqueFd home_;
  std::deque<InstanceNetwork> stock_;
};

}  // namespace wick::sandbox::warden
