#pragma once
// What each function takes of the queue: of its workers and of its backlog, in events and in bytes. Plain data, no threads.
//
// One rule for all three: a function may take more only while what is free is more than what it has already. One alone gets half,
// a second half of the rest, and a function that has nothing yet finds something as long as anything is left.
#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "event/queue.h"

namespace wick::event {

class Shares {
 public:
  explicit Shares(const QueueOptions& options);

  bool may_keep(const function::FunctionName& function, std::uint64_t bytes) const;
  void keep(const function::FunctionName& function, std::uint64_t bytes);
  void drop(const function::FunctionName& function, std::uint64_t bytes);

  bool may_run(const function::FunctionName& function) const;
  void begin(const function::FunctionName& function);
  void end(const function::FunctionName& function);
  bool full() const { return running_ >= workers_; }

  std::size_t kept() const { return events_; }
  bool anyone_may_run() const;  // some function that may has events that do not run

 private:
  struct Share {
    std::size_t events = 0;
    std::uint64_t bytes = 0;
    std::size_t running = 0;
  };
  bool may_run(const Share& share) const { return running_ < workers_ && share.running < workers_ - running_; }
  void tidy(const function::FunctionName& function);

  const std::size_t workers_;
  const std::size_t events_max_;
  const std::uint64_t bytes_max_;
  std::size_t running_ = 0;
  std::size_t events_ = 0;
  std::uint64_t bytes_ = 0;
  std::unordered_map<function::FunctionName, Share> shares_;
};

}  // namespace wick::event
