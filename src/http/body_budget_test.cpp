// The budget alone, and a server that keeps to it and to a limit chosen by the head.
#include "http/body_budget.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "http/loopback_test.h"

namespace wick::http {
namespace {

namespace asio = boost::asio;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string post(const std::string& path, std::size_t bytes) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{}", path, bytes, std::string(bytes, 'x'));
}

asio::awaitable<Response> count(Request request) {
  Response response;
  response.body = fmt::format("{} bytes", request.body.size());
  co_return response;
}

TEST(BodyBudget, IsGivenBackAndBoundByTheOneAbove) {
  const auto all = std::make_shared<BodyBudget>(100);
  const auto mine = std::make_shared<BodyBudget>(80, all);
  {
    BodyLease a(mine);
    EXPECT_TRUE(a.cover(50));
    EXPECT_TRUE(a.cover(40)) << "it has that";
    BodyLease b(mine);
    EXPECT_FALSE(b.cover(31));
    BodyLease others(all);
    EXPECT_TRUE(others.cover(40));
    EXPECT_FALSE(b.cover(11));
    EXPECT_EQ(mine->left(), 30u);
    EXPECT_TRUE(b.cover(10));
  }
  EXPECT_EQ(mine->left(), 80u);
  EXPECT_EQ(all->left(), 100u);
  EXPECT_TRUE(BodyLease(nullptr).cover(SIZE_MAX));
}

TEST(BodyLimit, IsChosenByTheHead) {
  ServerOptions options;
  options.limits.body_bytes = 1000;
  options.body_limit = [](const Request& head) -> std::size_t { return head.path == "/large" ? 5000 : head.method == "POST" ? 10 : 0; };
  LoopbackServer server(count, options);
  EXPECT_THAT(exchange(server.port(), post("/", 10)), HasSubstr("10 bytes"));
  EXPECT_THAT(exchange(server.port(), post("/", 11)), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(exchange(server.port(), post("/large", 1000)), HasSubstr("1000 bytes"));
  EXPECT_THAT(exchange(server.port(), post("/large", 1001)), StartsWith("HTTP/1.1 413")) << "the server's own limit stands";
  const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_THAT(exchange(server.port(), chunked + "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"), HasSubstr("10 bytes"));
  EXPECT_THAT(exchange(server.port(), chunked + "5\r\n01234\r\n6\r\n567890\r\n0\r\n\r\n"), StartsWith("HTTP/1.1 413"));
}

TEST(BodyLimit, BodiesOverTheBudgetComeAgainLater) {
  const auto budget = std::make_shared<BodyBudget>(400'000);
  ServerOptions options;
  options.body_budget = budget;
  std::size_t left_in_handler = 0;
  LoopbackServer server(
      [&](Request request) {
        left_in_handler = budget->left();
        return count(std::move(request));
      },
      options);
  EXPECT_THAT(exchange(server.port(), post("/", 300'000)), HasSubstr("300000 bytes"));
  EXPECT_LE(left_in_handler, 100'000u) << "the body is held while its handler runs";
  const std::string refused = exchange(server.port(), post("/", 500'000));
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(refused, HasSubstr("Retry-After: 1\r\n"));
  EXPECT_THAT(exchange(server.port(), post("/", 300'000)), HasSubstr("300000 bytes")) << "everything was given back";
}

}  // namespace
}  // namespace wick::http
