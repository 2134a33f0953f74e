// How a server ends: with grace, at once, and under the feet of running handlers.
#include <gmock/gmock.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/loopback_test.h"

namespace wick::http {
namespace {

namespace asio = boost::asio;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

// A handler that waits until it is let go, and counts.
struct Gate {
  explicit Gate(asio::io_context& loop) : timer(loop) { timer.expires_at(MonoTime::max()); }
  asio::steady_timer timer;
  std::promise<void> entered;
  std::promise<void> left;
};

asio::awaitable<Response> wait_at(std::shared_ptr<Gate>* gate) {
  const auto held = *gate;
  held->entered.set_value();
  co_await held->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  held->left.set_value();
  Response response;
  response.body = "let go";
  co_return response;
}

struct GatedServer {
  std::shared_ptr<Gate> gate;
  LoopbackServer server{[this](Request) { return wait_at(&gate); }};
  GatedServer() { gate = std::make_shared<Gate>(server.loop()); }
  ~GatedServer() {
    server.on_loop([this] { gate.reset(); });
  }
  void let_go() {
    server.on_loop([this] { gate->timer.cancel(); });
  }
  bool left() { return gate->left.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready; }
};

TEST(ServerStop, ClosesIdleAndLetsHandlersFinish) {
  GatedServer gated;
  RawClient busy(gated.server.port());
  busy.send(kGet);
  gated.gate->entered.get_future().wait();
  RawClient idle(gated.server.port());
  auto stopped = gated.server.stop(Millis(60'000));
  EXPECT_EQ(idle.read_all(), "");
  EXPECT_EQ(RawClient(gated.server.port()).fd(), -1);
  EXPECT_NE(stopped.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  gated.let_go();
  const std::string answer = busy.read_all();
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer, EndsWith("let go"));
  EXPECT_EQ(stopped.wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST(ServerStop, ClosesTheRestAfterGrace) {
  GatedServer gated;
  RawClient busy(gated.server.port());
  busy.send(kGet);
  gated.gate->entered.get_future().wait();
  auto stopped = gated.server.stop(Millis(30));
  EXPECT_EQ(stopped.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_EQ(busy.read_all(), "");
  gated.let_go();
  EXPECT_TRUE(gated.left());
}

TEST(ServerStop, StopsAtOnceWhenNothingRuns) {
  LoopbackServer server([](Request) -> asio::awaitable<Response> { co_return Response(); });
  EXPECT_EQ(server.stop(Millis(60'000)).wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST(ServerStop, AHandlerOutlivesItsClient) {
  GatedServer gated;
  {
    RawClient client(gated.server.port());
    client.send(kGet);
    gated.gate->entered.get_future().wait();
  }
  gated.let_go();
  EXPECT_TRUE(gated.left());
}

TEST(ServerStop, AHandlerOutlivesItsServer) {
  GatedServer gated;
  RawClient client(gated.server.port());
  client.send(kGet);
  gated.gate->entered.get_future().wait();
  gated.server.on_loop([&] { gated.server.server().close(); });
  EXPECT_EQ(client.read_all(), "");
  gated.server.destroy();
  gated.let_go();
  EXPECT_TRUE(gated.left());
}

// A loop that is dropped with everything still on it.
TEST(ServerStop, NothingIsLeftWhenTheLoopGoes) {
  const auto token = std::make_shared<int>(0);
  {
    asio::io_context loop;
    auto server = std::make_unique<Server>(loop.get_executor(), [token](Request) -> asio::awaitable<Response> {
      asio::steady_timer forever(co_await asio::this_coro::executor, MonoTime::max());
      co_await forever.async_wait(asio::use_awaitable);
      co_return Response();
    });
    RawClient client(*server->listen("127.0.0.1", 0));
    client.send(kGet);
    loop.run_for(Millis(50));
    EXPECT_GT(token.use_count(), 1);
    server.reset();
  }
  EXPECT_EQ(token.use_count(), 1);
}

}  // namespace
}  // namespace wick::http
