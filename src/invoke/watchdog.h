#pragma once
// One timer for a deadline that moves often: setting a later time costs nothing, since the timer finds that out when it fires.
// So an instance that serves thousands of calls a second touches its timer about once per timeout.
#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "base/clock.h"

namespace wick::invoke {

class Watchdog {
 public:
  static constexpr MonoTime kNever = MonoTime::max();

  // due is called on the loop when the time set has come, which is then kNever; never after destruction.
  Watchdog(boost::asio::any_io_executor loop, const Clock& clock, std::function<void()> due);
  ~Watchdog();
  void set(MonoTime at);
  MonoTime at() const;  // the time set

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace wick::invoke
