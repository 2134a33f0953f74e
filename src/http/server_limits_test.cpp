// Every bound of ServerLimits, from both sides.
#include <gmock/gmock.h>

#include "http/loopback_test.h"

namespace wick::http {
namespace {

namespace asio = boost::asio;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

asio::awaitable<Response> echo(Request request) {
  Response response;
  response.body = request.method + " " + request.target + " [" + request.body + "]";
  co_return response;
}

std::string get(std::string_view rest = "") { return "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + std::string(rest) + "\r\n"; }

TEST(ServerLimits, BoundsTheHeader) {
  ServerOptions options;
  options.limits.header_bytes = 2000;
  options.limits.header_count = 20;
  LoopbackServer server(echo, options);
  const auto many = [](int n) {
    std::string fields;
    for (int i = 0; i < n; ++i) fields += "A: b\r\n";
    return fields;
  };
  EXPECT_THAT(exchange(server.port(), get(many(18))), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(exchange(server.port(), get(many(19))), StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(exchange(server.port(), get("A: " + std::string(1800, 'a') + "\r\n")), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(exchange(server.port(), get("A: " + std::string(2000, 'a') + "\r\n")), StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(exchange(server.port(), "GET /" + std::string(3000, 'a')), StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(exchange(server.port(), std::string(3000, 'A')), StartsWith("HTTP/1.1 431"));

  // In pieces that are each below the limit.
  RawClient client(server.port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n");
  for (int i = 0; i < 5; ++i) client.send("A: " + std::string(500, 'a') + "\r\n");
  EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 431"));

  RawClient blank(server.port());
  for (int i = 0; i < 2000 && blank.send("\r\n"); ++i) {
  }
  EXPECT_THAT(blank.read_all(), StartsWith("HTTP/1.1 431"));
}

TEST(ServerLimits, BoundsTheBody) {
  ServerOptions options;
  options.limits.body_bytes = 10;
  options.limits.header_bytes = 500;
  LoopbackServer server(echo, options);
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
  const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
  EXPECT_THAT(exchange(server.port(), post + "Content-Length: 10\r\n\r\n0123456789"), EndsWith("[0123456789]"));
  EXPECT_THAT(exchange(server.port(), post + "Content-Length: 11\r\n\r\n"), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(exchange(server.port(), post + "Expect: 100-continue\r\nContent-Length: 11\r\n\r\n"), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(exchange(server.port(), chunked + "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"), EndsWith("[0123456789]"));
  EXPECT_THAT(exchange(server.port(), chunked + "5\r\n01234\r\n6\r\n567890\r\n0\r\n\r\n"), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(exchange(server.port(), chunked + "ffffffffffffffff\r\n"), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(exchange(server.port(), chunked + "1;" + std::string(600, 'a')), StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(exchange(server.port(), chunked + "0\r\nA: " + std::string(600, 'a')), StartsWith("HTTP/1.1 431"));
}

// The client is still sending when it is refused, and must not lose the answer to a reset.
TEST(ServerLimits, RefusalReachesAClientInTheMiddleOfItsBody) {
  ServerOptions options;
  options.limits.body_bytes = 10;
  LoopbackServer server(echo, options);
  RawClient client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n");
  client.send(std::string(150'000, 'x'));
  EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 413"));
  EXPECT_FALSE(client.was_reset());
}

TEST(ServerLimits, BoundsTheTimeOfASlowClient) {
  ServerOptions options;
  options.limits.header_timeout = Millis(60);
  options.limits.body_timeout = Millis(60);
  options.limits.idle_timeout = Millis(60);
  LoopbackServer server(echo, options);
  EXPECT_EQ(exchange(server.port(), ""), "");
  EXPECT_THAT(exchange(server.port(), "GET / HT"), StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(exchange(server.port(), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc"), StartsWith("HTTP/1.1 408"));

  RawClient trickle(server.port());  // each byte in time, but not all of them
  for (int i = 0; i < 1000 && !trickle.answered() && trickle.send("G"); ++i) std::this_thread::sleep_for(Millis(5));
  EXPECT_THAT(trickle.read_all(), StartsWith("HTTP/1.1 408"));

  RawClient idle(server.port());
  idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(idle.read_all(), EndsWith("GET / []"));  // then closed without a word
}

TEST(ServerLimits, BoundsTheTimeOfAClientThatDoesNotRead) {
  ServerOptions options;
  options.limits.idle_timeout = Millis(60);
  LoopbackServer server(
      [](Request) -> asio::awaitable<Response> {
        Response response;
        response.body = std::string(32 * 1024 * 1024, 'x');
        co_return response;
      },
      options);
  RawClient client(server.port());
  client.send(get());
  const std::string head = client.read_until("\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("33554432"));
  std::this_thread::sleep_for(Millis(300));
  EXPECT_LT(client.read_all().size(), 32U * 1024 * 1024);
}

TEST(ServerLimits, BoundsTheNumberOfConnections) {
  ServerOptions options;
  options.limits.connections = 2;
  LoopbackServer server(echo, options);
  const std::string keep = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  RawClient first(server.port());
  {
    RawClient second(server.port());
    for (RawClient* client : {&first, &second}) {
      client->send(keep);
      EXPECT_THAT(client->read_until("]"), StartsWith("HTTP/1.1 200"));
    }
    EXPECT_THAT(exchange(server.port(), get()), StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
  }
  std::string answer;  // once the server has seen that the second is gone
  for (int i = 0; i < 1000 && !answer.starts_with("HTTP/1.1 200"); ++i) answer = exchange(server.port(), get());
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  first.send(keep);
  EXPECT_THAT(first.read_until("]"), StartsWith("HTTP/1.1 200"));
}

}  // namespace
}  // namespace wick::http
