#include "custom_runtime.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>

#include "base/digest.h"
#include "http/response_parser.h"
#include "machine.h"

namespace wick::sim {
namespace {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using namespace std::chrono_literals;

constexpr auto kValues = asio::as_tuple(asio::use_awaitable);
constexpr std::uint64_t kBodyMax = 1 << 20;
constexpr unsigned kGone = 0;  // in place of a status: there is no API any more
constexpr std::string_view kStreaming = "Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n";

std::string chunk(std::string_view bytes) { return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes); }

}  // namespace

// One loop's connection to the API. It closes when the instance dies.
class CustomRuntime::Connection : public std::enable_shared_from_this<Connection> {
 public:
  explicit Connection(CustomRuntime& runtime) : runtime_(runtime), socket_(runtime.loop_) {
    runtime_.connections_.push_back(this);
    open();
  }
  ~Connection() { std::erase(runtime_.connections_, this); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }
  void reopen() {
    close();
    open();
  }
  // Sends no more; what is on its way to it still comes.
  void go_away() {
    boost::system::error_code ignored;
    socket_.shutdown(stream_protocol::socket::shutdown_send, ignored);
  }
  void send_head(std::string_view method, std::string_view path, std::string_view fields) {
    send(fmt::format("{} /2018-06-01/runtime/{} HTTP/1.1\r\nHost: 127.0.0.1:9001\r\n{}\r\n", method, path, fields));
  }
  void send(const std::string& bytes) {
    boost::system::error_code gone;
    asio::write(socket_, asio::buffer(bytes), gone);
  }
  asio::awaitable<http::Response> response() {
    const std::function<bool(unsigned, std::string_view)> keep;
    http::ResponseParser parser(keep, kBodyMax);
    const auto [ec, n] = co_await boost::beast::http::async_read(socket_, buffer_, parser, kValues);
    if (ec) parser.response().status = kGone;
    co_return std::move(parser.response());
  }
  asio::awaitable<http::Response> post(std::string path, std::string body) {
    send_head("POST", path, fmt::format("Content-Length: {}\r\n", body.size()));
    send(body);
    co_return co_await response();
  }

  bool asks = false;  // the ledger counts on it

 private:
  void open() {
    boost::system::error_code gone;
    if (runtime_.state != State::dead) socket_.connect(runtime_.api_, gone);
    buffer_.clear();
  }

  CustomRuntime& runtime_;
  stream_protocol::socket socket_;
  boost::beast::flat_buffer buffer_;
};

void CustomRuntime::connect(sandbox::Booted& ends) {
  api_ = stream_protocol::endpoint(std::string(1, '\0') + fmt::format("wick_sim_{}_{}", ::getpid(), number));
  ends.runtime_api.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const bool listens =
      ::bind(ends.runtime_api.get(), api_.data(), static_cast<socklen_t>(api_.size())) == 0 && ::listen(ends.runtime_api.get(), SOMAXCONN) == 0;
  if (!listens) throw std::runtime_error("a listening socket");
}

void CustomRuntime::disconnect() {
  for (Connection* connection : connections_) connection->close();
}

asio::awaitable<void> CustomRuntime::live() {
  const auto self = shared_from_this();
  const Behaviour& behaviour = plan_->behaviour;
  if (!co_await init(behaviour)) co_return;
  if (chance.permille(behaviour.init_fails)) {
    const auto api = std::make_shared<Connection>(*this);
    (void)co_await api->post("init/error", R"({"errorType":"Sim.InitError","errorMessage":"init"})");
    co_return leave(kExit1);
  }
  if (chance.permille(behaviour.init_dies)) co_return leave(kExit1);
  const Loops& loops = plan_->loops;
  const std::uint32_t count = loops.count + (fault_ == Fault::places_high ? 1 : 0);
  for (std::uint32_t i = 0; i < count; ++i) start_loop(chance.percent(loops.late) ? chance.in({1us, 2s}) : 0us);
}

void CustomRuntime::start_loop(Micros late) { asio::co_spawn(loop_, loop(late), rethrow); }

asio::awaitable<void> CustomRuntime::loop(Micros late) {
  const auto self = shared_from_this();
  if (late > 0us && !co_await pass(late)) co_return;
  const auto api = std::make_shared<Connection>(*this);
  while (state != State::dead && co_await serve(*api)) {
  }
}

asio::awaitable<std::optional<CustomRuntime::Asked>> CustomRuntime::next(Connection& api) {
  if (chance.permille(plan_->loops.dies_asking)) asio::co_spawn(loop_, go_away(api.weak_from_this()), rethrow);
  const bool is_lost = fault_ == Fault::lost_place && chance.percent(5);
  api.asks = true;
  if (state == State::starting) {
    enter(State::idle);
    ledger_.ready(*this);
  }
  ledger_.asks(*this);
  if (!is_lost) api.send_head("GET", "invocation/next", {});
  const http::Response got = co_await api.response();
  const bool went_away = !std::exchange(api.asks, false);
  if (got.status != 200) {
    if (!went_away) ledger_.asks_no_more(*this);
    co_return std::nullopt;
  }
  if (went_away) {
    ledger_.asks(*this);
    api.reopen();
  }
  Asked out{std::string(got.fields.get("Lambda-Runtime-Aws-Request-Id")), 0};
  const std::string_view deadline = got.fields.get("Lambda-Runtime-Deadline-Ms");
  std::from_chars(deadline.data(), deadline.data() + deadline.size(), out.deadline_ms);
  co_return out;
}

// In the middle of its wait for a call; another loop may take its place.
asio::awaitable<void> CustomRuntime::go_away(std::weak_ptr<Connection> api) {
  const auto self = shared_from_this();
  if (!co_await pass(chance.in({1us, 3s}))) co_return;
  const auto connection = api.lock();
  if (!connection || !std::exchange(connection->asks, false)) co_return;
  ledger_.asks_no_more(*this);
  connection->go_away();
  if (chance.percent(50)) start_loop();
}

asio::awaitable<bool> CustomRuntime::serve(Connection& api) {
  const auto asked = co_await next(api);
  if (!asked) co_return false;
  ledger_.taken(asked->id, *this, asked->deadline_ms, unix_millis(clock_.now()));
  enter(State::busy);
  const Behaviour& behaviour = plan_->behaviour;
  const Loops& loops = plan_->loops;
  const Micros time = time_of_run();
  print();
  if (chance.permille(loops.abandons)) {
    if (chance.percent(50)) start_loop();
    co_return false;
  }
  if (!co_await run(time)) co_return false;
  const bool whole = co_await answer(api, asked->id, time);
  if (state == State::dead) co_return false;
  ledger_.done(asked->id, *this);
  if (!ledger_.has_calls(*this)) enter(State::idle);
  if (!whole) {
    start_loop();
    co_return false;
  }
  if (chance.permille(behaviour.dies_after_reply)) {
    leave(kExit1);
    co_return false;
  }
  if (chance.permille(loops.stays_away)) co_return false;
  if (chance.percent(behaviour.slow_to_read)) co_return co_await pass(chance.in({10us, 20ms}));
  co_return true;
}

// False: it breaks off, and its connection with it.
asio::awaitable<bool> CustomRuntime::answer(Connection& api, const std::string id, Micros time) {
  const bool fails = chance.percent(plan_->behaviour.fails);
  if (chance.percent(plan_->behaviour.streams)) co_return co_await stream(api, id, fails, time);
  ledger_.sent(id, !fails, time);
  if (fails) {
    (void)co_await api.post("invocation/" + id + "/error", error_object(id));
  } else {
    const bool crossed = fault_ == Fault::crossed_answer && chance.percent(1);
    (void)co_await api.post("invocation/" + id + "/response", Ledger::answer_of(crossed ? "another" : id));
  }
  co_return true;
}

asio::awaitable<bool> CustomRuntime::stream(Connection& api, const std::string id, bool fails, Micros ran) {
  const std::string whole = Ledger::answer_of(id);
  const Micros gap = chance.percent(50) ? 0us : chance.in({1us, 2s});
  const bool breaks_off = chance.permille(plan_->loops.breaks_off);
  api.send_head("POST", "invocation/" + id + "/response", std::string(kStreaming) + "Content-Type: application/json\r\n");
  api.send(chunk(std::string_view(whole).substr(0, 5)));
  if (gap > 0us && !co_await pass(gap)) co_return false;
  if (breaks_off) {
    api.close();
    co_return false;
  }
  ledger_.sent(id, !fails, ran + gap);
  const std::string trailers =
      fails ? fmt::format("Lambda-Runtime-Function-Error-Type: Sim.Error\r\nLambda-Runtime-Function-Error-Body: {}\r\n", to_base64(error_object(id)))
            : std::string();
  api.send(chunk(std::string_view(whole).substr(5)) + "0\r\n" + trailers + "\r\n");
  (void)co_await api.response();
  co_return true;
}

}  // namespace wick::sim
