#include "http/client.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <gmock/gmock.h>

#include "http/loopback_test.h"

namespace wick::http {
namespace {

namespace asio = boost::asio;

asio::awaitable<Response> serve(Request request) {
  Response response;
  if (request.path == "/stream") {
    response.stream = [](BodyWriter& writer) -> asio::awaitable<Result<>> {
      for (const char* piece : {"one", "two", "three"}) WICK_CO_CHECK(co_await writer.write(piece));
      co_return Result<>();
    };
    co_return response;
  }
  if (request.path == "/broken") {
    response.stream = [](BodyWriter& writer) -> asio::awaitable<Result<>> {
      WICK_CO_CHECK(co_await writer.write("one"));
      co_return fail(Errc::io, "broken");
    };
    co_return response;
  }
  response.status = 201;
  response.fields.add("X-Seen", request.method + " " + request.target + " " + std::string(request.fields.get("host")));
  response.body = request.body;
  co_return response;
}

Request request(std::string method, std::string target, std::string body = "") {
  Request out;
  out.method = std::move(method);
  out.target = std::move(target);
  out.body = std::move(body);
  return out;
}

TEST(Client, SendsAndReceives) {
  LoopbackServer server(serve);
  for (const std::size_t size : {0UL, 5UL, 5'000'000UL}) {
    const std::string body(size, 'x');
    const auto response = fetch(server.endpoint(), request("POST", "/a?b", body));
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 201U);
    EXPECT_EQ(response->fields.get("x-seen"), "POST /a?b 127.0.0.1:" + std::to_string(server.port()));
    EXPECT_EQ(response->body, body);
  }
  const auto head = fetch(server.endpoint() + "/", request("HEAD", "/"));
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->body, "");
}

TEST(Client, HandsOnPieces) {
  LoopbackServer server(serve);
  EXPECT_EQ(fetch(server.endpoint(), request("GET", "/stream"))->body, "onetwothree");
  std::string seen;
  FetchOptions options;
  options.on_body = [&seen](unsigned status, std::string_view piece) {
    seen += std::to_string(status) + std::string(piece);
    return !seen.ends_with("two");
  };
  const auto response = fetch(server.endpoint(), request("GET", "/stream"), options);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200U);
  EXPECT_EQ(response->body, "");
  EXPECT_THAT(seen, ::testing::StartsWith("200one"));
  EXPECT_THAT(seen, ::testing::EndsWith("two"));
}

TEST(Client, ATruncatedBodyIsAnError) {
  LoopbackServer server(serve);
  EXPECT_EQ(fetch(server.endpoint(), request("GET", "/broken")).error().code, Errc::unavailable);
}

TEST(Client, SeesTheRefusalOfWhatItIsStillSending) {
  ServerOptions options;
  options.limits.body_bytes = 10;
  LoopbackServer server(serve, options);
  const auto response = fetch(server.endpoint(), request("POST", "/", std::string(200'000, 'x')));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 413U);
}

TEST(Client, SaysWhenNobodyListens) {
  std::uint16_t port = 0;
  {
    LoopbackServer server(serve);
    port = server.port();
  }
  const auto response = fetch("http://127.0.0.1:" + std::to_string(port), request("GET", "/"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::unavailable);
  EXPECT_THAT(response.error().message, ::testing::HasSubstr("nobody listens"));
}

TEST(Client, GivesUpOnASilentServer) {
  UniqueFd silent(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::listen(silent.get(), 1), 0);
  sockaddr_in name{};
  socklen_t size = sizeof name;
  ::getsockname(silent.get(), reinterpret_cast<sockaddr*>(&name), &size);
  FetchOptions options;
  options.idle_timeout = std::chrono::milliseconds(30);
  const auto response = fetch("http://127.0.0.1:" + std::to_string(ntohs(name.sin_port)), request("GET", "/"), options);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::deadline_exceeded);
}

TEST(Client, RefusesWhatIsNoEndpoint) {
  for (const char* endpoint :
       {"", "127.0.0.1:80", "https://a", "http://", "http://:80", "http://a:b", "http://a:99999", "http://a/b", "http://u@a"}) {
    const auto response = fetch(endpoint, request("GET", "/"));
    ASSERT_FALSE(response) << endpoint;
    EXPECT_EQ(response.error().code, Errc::invalid_argument) << endpoint;
  }
}

}  // namespace
}  // namespace wick::http
