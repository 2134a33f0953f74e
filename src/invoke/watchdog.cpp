#include "invoke/watchdog.h"

#include <utility>

#include "base/timer.h"

namespace wick::invoke {

struct Watchdog::State : std::enable_shared_from_this<State> {
  State(boost::asio::any_io_executor loop, const Clock& time, std::function<void()> call) : timer(loop), clock(time), due(std::move(call)) {}

  void arm() {
    if (at == kNever || armed_at <= at) return;
    armed_at = at;
    timer.expires_after(at - clock.monotonic());
    timer.async_wait([self = shared_from_this()](boost::system::error_code ec) {
      if (!ec) self->fired();
    });
  }

  void fired() {
    armed_at = kNever;
    if (!due || at == kNever) return;
    if (clock.monotonic() < at) return arm();
    at = kNever;
    const auto call = due;  // it may destroy the watchdog
    call();
  }

  Timer timer;
  const Clock& clock;
  std::function<void()> due;
  MonoTime at = kNever;
  MonoTime armed_at = kNever;  // when the pending wait fires; kNever without one
};

Watchdog::Watchdog(boost::asio::any_io_executor loop, const Clock& clock, std::function<void()> due)
    : state_(std::make_shared<State>(std::move(loop), clock, std::move(due))) {}

Watchdog::~Watchdog() {
  state_->due = nullptr;
  state_->timer.cancel();
}

MonoTime Watchdog::at() const { return state_->at; }

void Watchdog::set(MonoTime at) {
  state_->at = at;
  state_->arm();
}

}  // namespace wick::invoke
