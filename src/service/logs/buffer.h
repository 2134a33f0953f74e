#pragma once
// Log events that are not flushed yet, bounded: when there are too many, the oldest of the function that has the most bytes here go,
// so that a flood costs nobody else a line. A line for each function that lost some stands before what is left. Plain data, no threads.
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
  bool empty() const { return shares_.empty() && lost_.empty(); }
  std::size_t bytes() const { return bytes_; }
  // Everything in order, the lines about losses first; the buffer is empty then.
  std::vector<invoke::LogEvent> take();

 private:
  struct Loss {
    std::uint64_t count = 0;
    invoke::LogEvent last;  // without its message
  };
  struct Waiting {
    std::uint64_t number = 0;  // in order of arrival, of all functions
    invoke::LogEvent event;
  };
  struct Share {
    std::size_t bytes = 0;
    std::deque<Waiting> events;  // not empty
  };
  void lose_one(invoke::LogEvent event);
  void make_room();

  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::uint64_t number_ = 0;
  std::map<function::FunctionName, Share> shares_;
  std::map<function::FunctionName, Loss> lost_;
};

}  // namespace wick::service::logs
