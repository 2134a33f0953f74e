#pragma once
// A program run to its end for its output: an interpreter asked for its version, npm. Not for functions: those run in a sandbox.
#include <sys/types.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace wick::function {

// Killed, with all processes it started, when the object goes before it ended. For one thread.
class Child {
 public:
  struct Exit {
    int status = 0;      // 0-255; 128 + N for signal N
    std::string output;  // standard output and error together; of more than 64 KiB the last
  };

  // argv[0] is a path, or a name to be found in this process's PATH. The child gets this environment only and no other descriptor
  // than its input (empty) and outputs. Error: io.
  static Result<Child> start(const std::vector<std::string>& argv, const std::vector<std::string>& environment);

  Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)), output_(std::move(other.output_)) {}
  Child& operator=(Child&&) = delete;
  ~Child();

  // Waits for its end, once. Errors: deadline_exceeded, io.
  Result<Exit> wait(std::chrono::milliseconds timeout);

 private:
  Child(pid_t pid, UniqueFd output) : pid_(pid), output_(std::move(output)) {}

  pid_t pid_;  // leads its own process group; -1 when reaped
  UniqueFd output_;
};

}  // namespace wick::function
