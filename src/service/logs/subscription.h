#pragma once
// One reader that follows a function's log: the events that it has not fetched yet, bounded.
//
// Threads: event loop. Shared by its reader and, weakly, by Logs.
#include <deque>
#include <utility>

#include <boost/asio/steady_timer.hpp>

#include "service/logs/logs.h"

namespace wick::service::logs {

class Logs::Subscription {
 public:
  explicit Subscription(const boost::asio::any_io_executor& loop) : arrived_(loop) {}

  void push(const invoke::LogEvent& event) {
    bytes_ += event.message.size();
    events_.push_back(event);
    while (events_.size() > kFollowEventsMax || (bytes_ > kFollowBytesMax && events_.size() > 1)) {
      bytes_ -= events_.front().message.size();
      events_.pop_front();
    }
    arrived_.cancel();
  }

  bool empty() const { return events_.empty(); }
  std::vector<invoke::LogEvent> take() {
    bytes_ = 0;
    const auto taken = std::exchange(events_, {});
    return {std::make_move_iterator(taken.begin()), std::make_move_iterator(taken.end())};
  }
  boost::asio::steady_timer& arrived() { return arrived_; }  // cancelled by each event

 private:
  std::deque<invoke::LogEvent> events_;
  std::size_t bytes_ = 0;
  boost::asio::steady_timer arrived_;
};

}  // namespace wick::service::logs
