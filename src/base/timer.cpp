#include "base/timer.h"

namespace wick {
namespace {

void run_what_is_ready(boost::asio::io_context& loop) {
  do loop.restart();
  while (loop.poll() > 0);
}

}  // namespace

bool VirtualTime::step(boost::asio::io_context& loop) {
  run_what_is_ready(loop);
  if (due_.empty()) return false;
  const auto next = due_.top();

  while (!due_.empty() && due_.top() == next) due_.pop();
  now_ = next;

  // A timer before all others makes the loop look. It finds all that is due at once, this one included: then it has looked.
  bool looked = false;
  look_ = true;
  boost::asio::basic_waitable_timer<LoopClock, LoopWait> mark(loop, LoopClock::time_point::min());
  mark.async_wait([&](boost::system::error_code) { looked = true; });
  loop.restart();
  while (!looked) loop.run_one();
  run_what_is_ready(loop);
  return true;
}

}  // namespace wick
