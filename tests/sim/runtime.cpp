#include "runtime.h"

#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>

#include <boost/asio/co_spawn.hpp>

#include "machine.h"

namespace wick::sim {

namespace asio = boost::asio;

void Runtime::begin(sandbox::Booted& ends) {
  connect(ends);
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC | O_NONBLOCK) != 0) throw std::runtime_error("pipe");
  ends.log.reset(pipe[0]);
  log_.reset(pipe[1]);
  has_begun = true;
  asio::co_spawn(loop_, live(), rethrow);
}

void Runtime::enter(State next) {
  if (state == State::dead) return;
  state = next;
  since = LoopClock::now();
}

void Runtime::die() {
  enter(State::dead);
  disconnect();
  log_.reset();
  death_.notify();
}

asio::awaitable<void> Runtime::die_later(Micros after) {
  const auto self = shared_from_this();
  if (co_await pass(after)) leave(kExit1);
}

asio::awaitable<bool> Runtime::pass(Micros time) {
  if (state != State::dead) co_await death_.wait(LoopClock::now() + time);
  co_return state != State::dead;
}

asio::awaitable<bool> Runtime::init(Behaviour behaviour) {
  const Micros time = chance.in(is_fork_of_version ? behaviour.restore : behaviour.init);
  if (!co_await pass(time)) co_return false;
  use(time);
  co_return !chance.permille(behaviour.init_hangs);
}

Micros Runtime::time_of_run() {
  const Micros time = chance.in(plan_->behaviour.run);
  return chance.percent(plan_->behaviour.overlong) ? time + std::chrono::seconds(plan_->timeout_s) : time;
}

asio::awaitable<bool> Runtime::run(Micros time) {
  const bool dies = chance.permille(plan_->behaviour.dies_busy);
  if (!co_await pass(dies ? time / 2 : time)) co_return false;
  use(time);
  if (dies) leave(kExit1);
  co_return !dies;
}

void Runtime::print() {
  if (log_ && chance.percent(30)) (void)!::write(log_.get(), "a line\n", 7);
}

}  // namespace wick::sim
