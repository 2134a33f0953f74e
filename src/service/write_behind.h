#pragma once
// What a service buffers is written behind it: soon, one write at a time, and at once for a reader that must see it. The base of a
// service's implementation, which has the buffer and says how it is written.
//
// Threads: event loop.
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.h"

namespace wick::service {

class WriteBehind : public std::enable_shared_from_this<WriteBehind> {
 public:
  virtual ~WriteBehind() = default;

  // Done when all is written that was buffered at the call.
  static boost::asio::awaitable<void> flush(std::shared_ptr<WriteBehind> self);

  // flush_soon() does nothing any more.
  void close();

 protected:
  // what: what is written, for the log.
  WriteBehind(boost::asio::any_io_executor loop, Millis interval, std::string what);

  bool closed() const { return closed_; }
  void flush_soon();  // after the interval at the latest
  void flush_now();

 private:
  // Takes what is buffered, which may be nothing, and commits it. Does not run twice at a time; the object lives as long.
  virtual boost::asio::awaitable<void> write() = 0;

  const boost::asio::any_io_executor loop_;
  const Millis interval_;
  const std::string what_;
  bool closed_ = false;
  bool due_set_ = false;  // due_ is waited for
  bool asked_ = false;    // a flush is about to begin
  bool writing_ = false;
  boost::asio::steady_timer due_;
  boost::asio::steady_timer written_;  // cancelled when a write ends
};

}  // namespace wick::service
