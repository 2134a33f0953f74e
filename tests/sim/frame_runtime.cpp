#include "frame_runtime.h"

#include <sys/socket.h>

#include <array>
#include <cstring>
#include <stdexcept>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace wick::sim {
namespace {

namespace asio = boost::asio;
using invoke::FrameType;
using namespace std::chrono_literals;

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

void FrameRuntime::connect(sandbox::Booted& booted) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) throw std::runtime_error("socketpair");
  booted.channel.reset(ends[0]);
  channel_.assign(asio::local::stream_protocol(), ends[1]);
}

void FrameRuntime::send(FrameType type, const std::string& body) {
  boost::system::error_code gone;
  asio::write(channel_, asio::buffer(invoke::encode_frame(type, body)), gone);
}

asio::awaitable<void> FrameRuntime::live() {
  const auto self = shared_from_this();
  if (!co_await get_ready()) co_return;
  while (co_await serve()) {
  }
}

void FrameRuntime::wait_for_a_call() {
  enter(State::idle);
  ledger_.asks(*this);
}

asio::awaitable<bool> FrameRuntime::get_ready() {
  const Behaviour behaviour = plan_ ? plan_->behaviour : bare();
  if (!co_await init(behaviour)) co_return false;
  if (chance.permille(behaviour.init_fails)) send(FrameType::init_failed, R"({"errorType":"Sim.InitError","errorMessage":"init"})");
  if (chance.permille(behaviour.init_dies) || !channel_.is_open()) {
    leave(kExit1);
    co_return false;
  }
  if (!is_template()) {
    ledger_.ready(*this);
    wait_for_a_call();
    send(FrameType::ready);
    co_return true;
  }
  enter(State::parked);
  send(FrameType::ready, behaviour.forkable ? R"({"forkable":true})" : R"({"forkable":false,"reason":"it has threads"})");
  if (!behaviour.forkable) leave(0);
  co_return false;
}

asio::awaitable<bool> FrameRuntime::serve() {
  const auto asked = co_await next();
  if (!asked) {
    leave(0);  // the channel has ended
    co_return false;
  }
  ledger_.taken(asked->id, *this, asked->deadline_ms, unix_millis(clock_.now()));
  enter(State::busy);
  const Behaviour& behaviour = plan_->behaviour;
  const Micros time = time_of_run();
  print();
  if (!co_await run(time)) co_return false;
  answer(asked->id, time);
  wait_for_a_call();
  if (chance.permille(behaviour.dies_after_reply)) {
    leave(kExit1);
    co_return false;
  }
  if (chance.percent(behaviour.slow_to_read)) co_return co_await pass(chance.in({10us, 20ms}));
  co_return true;
}

void FrameRuntime::answer(const std::string& id, Micros ran) {
  const bool fails = chance.percent(plan_->behaviour.fails);
  ledger_.sent(id, !fails, ran);
  ledger_.done(id, *this);
  if (fails) {
    send(FrameType::error, error_object(id));
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

asio::awaitable<std::optional<FrameRuntime::Asked>> FrameRuntime::next() {
  std::array<char, invoke::kFrameHeaderSize> head;
  if (const auto [ec, n] = co_await asio::async_read(channel_, asio::buffer(head), kValues); ec) co_return std::nullopt;
  std::string body(size_at(head.data()), '\0');
  if (const auto [ec, n] = co_await asio::async_read(channel_, asio::buffer(body), kValues); ec) co_return std::nullopt;
  const auto meta = boost::json::parse(std::string_view(body).substr(4, size_at(body.data())));
  co_return Asked{std::string(meta.at("requestId").as_string()), meta.at("deadlineMs").as_int64()};
}

}  // namespace wick::sim
