#pragma once
// Log events that are not flushed yet, bounded: when there are too many, the oldest go, and a line for each function that lost some
// stands before what is left. Plain data, no threads.
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "invoke/engine.h"

namespace wick::service::logs {

class Buffer {
 public:
  explicit Buffer(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  void add(invoke::LogEvent event);
  // Counts events as lost that were taken and could not be written.
  void lose(const std::vector<invoke::LogEvent>& events);
  void forget(const function::FunctionName& function);
  bool empty() const { return events_.empty() && lost_.empty(); }
  std::size_t bytes() const { return bytes_; }
  // Everything in order, the lines about losses first; the buffer is empty then.
  std::vector<invoke::LogEvent> take();

 private:
  struct Loss {
    std::uint64_t count = 0;
    invoke::LogEvent last;  // without its message
  };
  void lose_one(invoke::LogEvent event);

  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::deque<invoke::LogEvent> events_;
  std::map<function::FunctionName, Loss> lost_;
};

}  // namespace wick::service::logs
