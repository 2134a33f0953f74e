#include "runtime.h"

#include <unistd.h>

#include <array>
#include <cstring>
#include <utility>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace wick::sim {
namespace {

namespace asio = boost::asio;
using invoke::FrameType;
using namespace std::chrono_literals;

constexpr int kExit1 = 1 << 8;  // as waitpid(2) gives it
constexpr auto kValues = asio::as_tuple(asio::use_awaitable);
Behaviour bare() {
  Behaviour out;
  out.init = {20ms, 200ms};
  return out;
}

std::uint32_t size_at(const char* bytes) {
  std::uint32_t out = 0;
  std::memcpy(&out, bytes, sizeof out);
  return out;
}

}  // namespace

void Runtime::enter(State next) {
  if (state == State::dead) return;
  state = next;
  since = LoopClock::now();
}

void Runtime::die() {
  enter(State::dead);
  channel.close();
  log.reset();
  pause_.cancel();
  death_.cancel();
}

asio::awaitable<void> Runtime::die_later(Micros after) {
  const auto self = shared_from_this();
  death_.expires_after(after);
  const auto [cancelled] = co_await death_.async_wait(kValues);
  if (!cancelled) leave(kExit1);
}

asio::awaitable<bool> Runtime::pass(Micros time) {
  pause_.expires_after(time);
  (void)co_await pause_.async_wait(kValues);
  co_return state != State::dead;
}

void Runtime::send(FrameType type, const std::string& body) {
  boost::system::error_code gone;
  asio::write(channel, asio::buffer(invoke::encode_frame(type, body)), gone);
}

asio::awaitable<void> Runtime::live() {
  const auto self = shared_from_this();
  if (!co_await init()) co_return;
  while (co_await serve()) {
  }
}

asio::awaitable<bool> Runtime::init() {
  const Behaviour behaviour = plan_ ? plan_->behaviour : bare();
  const Micros time = chance.in(is_fork_of_version ? behaviour.restore : behaviour.init);
  if (!co_await pass(time)) co_return false;
  use(time);
  if (chance.permille(behaviour.init_hangs)) co_return false;  // until it is killed
  if (chance.permille(behaviour.init_fails)) send(FrameType::init_failed, R"({"errorType":"Sim.InitError","errorMessage":"init"})");
  if (chance.permille(behaviour.init_dies) || !channel.is_open()) {
    leave(kExit1);
    co_return false;
  }
  if (!is_template()) {
    enter(State::idle);
    ledger_.ready(*this);
    send(FrameType::ready);
    co_return true;
  }
  enter(State::parked);
  send(FrameType::ready, behaviour.forkable ? R"({"forkable":true})" : R"({"forkable":false,"reason":"it has threads"})");
  if (!behaviour.forkable) leave(0);
  co_return false;
}

asio::awaitable<bool> Runtime::serve() {
  const auto asked = co_await next();
  if (!asked) {
    leave(0);  // the channel has ended
    co_return false;
  }
  ledger_.taken(asked->id, *this, asked->deadline_ms, unix_millis(clock_.now()));
  enter(State::busy);
  const Behaviour& behaviour = plan_->behaviour;
  Micros time = chance.in(behaviour.run);
  if (chance.percent(behaviour.overlong)) time += std::chrono::seconds(plan_->timeout_s);
  if (log && chance.percent(30)) (void)!::write(log.get(), "a line\n", 7);
  const bool dies = chance.permille(behaviour.dies_busy);
  if (!co_await pass(dies ? time / 2 : time)) co_return false;
  use(time);
  if (dies) {
    leave(kExit1);
    co_return false;
  }
  enter(State::idle);
  answer(asked->id, time);
  if (chance.permille(behaviour.dies_after_reply)) {
    leave(kExit1);
    co_return false;
  }
  if (chance.percent(behaviour.slow_to_read)) co_return co_await pass(chance.in({10us, 20ms}));
  co_return true;
}

void Runtime::answer(const std::string& id, Micros ran) {
  const bool fails = chance.percent(plan_->behaviour.fails);
  ledger_.sent(id, !fails, ran);
  if (fails) {
    send(FrameType::error, R"({"errorType":"Sim.Error","errorMessage":")" + id + "\"}");
  } else if (chance.percent(plan_->behaviour.streams)) {
    const std::string whole = Ledger::answer_of(id);
    send(FrameType::stream_begin, "application/json");
    send(FrameType::stream_chunk, whole.substr(0, 5));
    send(FrameType::stream_chunk, whole.substr(5));
    send(FrameType::stream_end);
  } else {
    const bool crossed = fault_ == Fault::crossed_answer && chance.percent(1);
    send(FrameType::result, Ledger::answer_of(crossed ? "another" : id));
  }
}

asio::awaitable<std::optional<Runtime::Asked>> Runtime::next() {
  std::array<char, invoke::kFrameHeaderSize> head;
  if (const auto [ec, n] = co_await asio::async_read(channel, asio::buffer(head), kValues); ec) co_return std::nullopt;
  std::string body(size_at(head.data()), '\0');
  if (const auto [ec, n] = co_await asio::async_read(channel, asio::buffer(body), kValues); ec) co_return std::nullopt;
  const auto meta = boost::json::parse(std::string_view(body).substr(4, size_at(body.data())));
  co_return Asked{std::string(meta.at("requestId").as_string()), meta.at("deadlineMs").as_int64()};
}

}  // namespace wick::sim
