#pragma once
// A file descriptor with one owner, closed when the owner goes.
#include <utility>

namespace wick {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

// poll(2) for one: false when there is nothing to read after so many milliseconds (-1: waits for ever), or a signal came first. The end
// of the other side counts as something to read.
bool wait_readable(int fd, int millis);

}  // namespace wick
