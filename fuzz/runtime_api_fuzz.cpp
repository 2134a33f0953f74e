// The Runtime API of an instance with a hostile custom runtime: requests whole and in parts, on several connections, that go on, break off
// or wait at any moment, while invocations come and the channel is closed. Beyond not crashing: each wait ends, each invocation gets its
// one reply, nobody's coroutine stays behind.
//
// Each byte of the input is one step: what is done, and with which connection or which part of a request.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "base/fd.h"
#include "base/timer.h"
#include "invoke/runtime_api.h"

namespace {

namespace asio = boost::asio;
using namespace wick;
using invoke::Reply;

// The invocations are "a" and "b".
constexpr std::array<std::string_view, 36> kParts{
    "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /2018-06-01/runtime/invocation/next HTTP/1.0\r\n\r\n",
    "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n",
    "GET /2018-06-01/runtime/invocation/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /2018-06-01/runtime/invocation/a/response HTTP/1.1\r\nHost: a\r\n",
    "POST /2018-06-01/runtime/invocation/a/response HTTP/1.0\r\n",
    "POST /2018-06-01/runtime/invocation/a/error HTTP/1.1\r\nHost: a\r\n",
    "POST /2018-06-01/runtime/invocation/b/response HTTP/1.1\r\nHost: a\r\n",
    "POST /2018-06-01/runtime/invocation/b/error HTTP/1.1\r\nHost: a\r\n",
    "POST /2018-06-01/runtime/invocation/a/response HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nnull",
    "POST /2018-06-01/runtime/invocation/b/response HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nnull",
    "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: a\r\n",
    "Content-Length: 4\r\n",
    "Content-Length: 8\r\n",
    "Content-Length: 0\r\n",
    "Content-Length: 999999999999\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Expect: 100-continue\r\n",
    "Lambda-Runtime-Function-Response-Mode: streaming\r\n",
    "Lambda-Runtime-Function-Response-Mode: other\r\n",
    "Lambda-Runtime-Function-Error-Type: E\r\n",
    "Lambda-Runtime-Function-Error-Body: e30=\r\n",
    "Lambda-Runtime-Function-Error-Body: !\r\n",
    "Content-Type: text/plain\r\n",
    "Connection: close\r\n",
    "\r\n",
    "null",
    "4\r\nnull\r\n",
    "4\r\nnu",
    "ll\r\n",
    "0\r\n",
    "0\r\n\r\n",
    "0\r\nLambda-Runtime-Function-Error-Type: E\r\nLambda-Runtime-Function-Error-Body: e30=\r\n\r\n",
    "ffffffffffffffff\r\n",
    "x",
    "\r",
};

// The caller of a streamed response, who may go.
class Caller final : public invoke::ResponseStream {
 public:
  asio::awaitable<Result<>> begin(std::string) override { co_return answer(); }
  asio::awaitable<Result<>> write(std::string) override { co_return answer(); }
  bool gone = false;

 private:
  Result<> answer() const {
    if (gone) return fail(Errc::unavailable, "gone");
    return {};
  }
};

constexpr std::size_t kConcurrency = 2;

struct Call {
  explicit Call(const char* id)
      : invocation{
            .id = invoke::RequestId(id), .version = nullptr, .invoked_arn = "arn", .payload = "{}", .client_context = "{}", .trace_id = "Root=1"} {}
  const invoke::Invocation invocation;
  bool awaited = false;
  Reply::End end = Reply::End::gone;
};

class World {
 public:
  World() {
    if (!api_->open(listen(), "i")) std::abort();
    spawn(api_->init(), init_awaited_, init_end_);
    run();
  }
  ~World() {
    api_->close();
    for (UniqueFd& client : clients_) client.reset();
    const std::weak_ptr<invoke::RuntimeApi> watched = api_;
    for (int i = 0; i < 8; ++i) run();
    if (init_awaited_ || calls_[0].awaited || calls_[1].awaited) std::abort();
    api_.reset();
    run();
    if (!watched.expired()) std::abort();
  }

  void step(std::uint8_t what) {
    const std::size_t number = what & 31U;
    switch (what >> 5U) {
      case 0:
      case 1:
        return send(kParts[(what & 63U) % kParts.size()]);
      case 2:
        current_ = number % clients_.size();
        if (!clients_[current_]) connect();
        break;
      case 3:
        clients_[number % clients_.size()].reset();
        break;
      case 4:
        (void)shutdown(clients_[current_].get(), number % 2 == 0 ? SHUT_WR : SHUT_RD);
        break;
      case 5:
        caller_.gone = number < 4;
        deliver(calls_[number % 2], (number & 2U) == 0 ? &caller_ : nullptr);
        break;
      case 6:
        (void)time_.step(loop_);
        break;
      default:
        if (number == 0) api_->close();
        if (const Call& call = calls_[number % 2]; number > 1 && call.awaited) api_->give_up(call.invocation);
    }
    run();
  }

 private:
  // An address of its own: the ports of the last ones are not free at once.
  UniqueFd listen() {
    static std::uint32_t turn = 0;
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (turn++ & 0xffffU));
    UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    socklen_t size = sizeof(address_);
    if (bind(socket.get(), reinterpret_cast<sockaddr*>(&address_), size) != 0 || ::listen(socket.get(), 16) != 0 ||
        getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address_), &size) != 0)
      std::abort();
    return socket;
  }
  void connect() {
    UniqueFd& client = clients_[current_];
    client.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(client.get(), reinterpret_cast<const sockaddr*>(&address_), sizeof(address_)) != 0) client.reset();  // closed already
  }
  void send(std::string_view part) const { (void)::send(clients_[current_].get(), part.data(), part.size(), MSG_NOSIGNAL | MSG_DONTWAIT); }

  void deliver(Call& call, Caller* caller) {
    if (call.awaited || init_awaited_ || init_end_ != Reply::End::ok || api_->ready() == 0) return;
    spawn(api_->deliver(call.invocation, 0, caller), call.awaited, call.end);
  }
  void spawn(asio::awaitable<Reply> wait, bool& awaited, Reply::End& end) {
    awaited = true;
    asio::co_spawn(loop_, std::move(wait), [&awaited, &end](std::exception_ptr thrown, const Reply& reply) {
      if (thrown) std::abort();
      awaited = false;
      end = reply.end;
    });
  }
  void run() {
    loop_.restart();
    while (loop_.poll() > 0) loop_.restart();
  }

  VirtualTime time_;
  asio::io_context loop_{1};
  sockaddr_in address_{};
  std::shared_ptr<invoke::RuntimeApi> api_ = std::make_shared<invoke::RuntimeApi>(loop_.get_executor(), kConcurrency, [] {});
  std::array<UniqueFd, 3> clients_;
  std::size_t current_ = 0;
  std::array<Call, kConcurrency> calls_{Call("a"), Call("b")};
  Caller caller_;
  bool init_awaited_ = false;
  Reply::End init_end_ = Reply::End::gone;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World world;
  for (std::size_t i = 0; i < size; ++i) world.step(data[i]);
  return 0;
}
