// Bodies in pieces, both ways.
#include <sys/socket.h>

#include <gmock/gmock.h>

#include "http/loopback_test.h"

namespace wick::http {
namespace {

namespace asio = boost::asio;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

asio::awaitable<Result<>> write_twice(BodyWriter& writer) {
  WICK_CO_CHECK(co_await writer.write("first piece of it"));
  WICK_CO_CHECK(co_await writer.write(""));
  co_return co_await writer.write("second");
}

asio::awaitable<Response> streams(Request request) {
  Response response;
  response.stream = [path = request.path](BodyWriter& writer) -> asio::awaitable<Result<>> {
    auto written = co_await write_twice(writer);
    if (path == "/throws") throw std::runtime_error("in the middle");
    if (path == "/fails") co_return fail(Errc::unavailable, "in the middle");
    co_return written;
  };
  co_return response;
}

std::string request(std::string_view path, std::string_view version = "1.1") {
  return "GET " + std::string(path) + " HTTP/" + std::string(version) + "\r\nHost: a\r\n\r\n";
}

TEST(ServerStream, WritesChunksAndKeepsAlive) {
  LoopbackServer server(streams);
  RawClient client(server.port());
  for (int i = 0; i < 2; ++i) {
    client.send(request("/"));
    EXPECT_THAT(client.read_until("\r\n\r\n"), HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
    EXPECT_EQ(client.read_until("0\r\n\r\n"), "11\r\nfirst piece of it\r\n6\r\nsecond\r\n0\r\n\r\n");
  }
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.read_all(), EndsWith("\r\n\r\n"));
}

TEST(ServerStream, ClosesAfterTheBodyForHttp10) {
  LoopbackServer server(streams);
  RawClient client(server.port());
  client.send(request("/", "1.0"));
  EXPECT_THAT(client.read_all(), EndsWith("Connection: close\r\n\r\nfirst piece of itsecond"));
  EXPECT_FALSE(client.was_reset());
}

TEST(ServerStream, AnErrorShowsAsATruncatedBody) {
  LoopbackServer server(streams);
  for (const char* path : {"/fails", "/throws"}) {
    RawClient client(server.port());
    client.send(request(path));
    EXPECT_THAT(client.read_all(), EndsWith("6\r\nsecond\r\n")) << path;
    RawClient old(server.port());
    old.send(request(path, "1.0"));
    old.read_all();
    EXPECT_TRUE(old.was_reset()) << path;
  }
}

TEST(ServerStream, WriteFailsOnceTheClientIsGone) {
  std::promise<Errc> ended;
  LoopbackServer server([&ended](Request) -> asio::awaitable<Response> {
    Response response;
    response.stream = [&ended](BodyWriter& writer) -> asio::awaitable<Result<>> {
      for (;;) {
        if (auto written = co_await writer.write(std::string(100'000, 'x')); !written) {
          ended.set_value(written.error().code);
          co_return written;
        }
      }
    };
    co_return response;
  });
  {
    RawClient client(server.port());
    client.send(request("/"));
    client.read_until("xxx");
  }
  auto future = ended.get_future();
  ASSERT_EQ(future.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_EQ(future.get(), Errc::unavailable);
}

// Reads all of the body, or what /first says, and answers with what it saw.
asio::awaitable<Response> reads(Request request) {
  Response response;
  std::string body;
  bool failed = false;
  while (request.path != "/none") {
    auto piece = co_await request.body_reader->read();
    failed = !piece.has_value();
    if (failed) response.body = std::string(name(piece.error().code)) + " after ";
    if (failed || piece->empty()) break;
    body += *piece;
    if (request.path == "/first") break;
  }
  response.body += "[" + body + "]" + std::string(request.body_reader->trailers().get("x-end"));
  co_return response;
}

ServerOptions streamed() {
  ServerOptions options;
  options.bodies = Bodies::streamed;
  options.limits.body_bytes = 1024 * 1024;
  return options;
}

TEST(ServerStream, ReadsPiecesAndTrailers) {
  LoopbackServer server(reads, streamed());
  RawClient client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  client.send("2\r\nde\r\n0\r\nX-End: over\r\n\r\n");
  EXPECT_THAT(client.read_until("over"), EndsWith("[abcde]over"));
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyz");
  EXPECT_THAT(client.read_until("]"), EndsWith("[xyz]"));
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.read_all(), EndsWith("[]"));
}

TEST(ServerStream, APieceComesBeforeTheEnd) {
  std::promise<void> seen;
  LoopbackServer server(
      [&seen](Request request) -> asio::awaitable<Response> {
        auto piece = co_await request.body_reader->read();
        seen.set_value();
        auto end = co_await request.body_reader->read();
        Response response;
        response.body = *piece + "|" + (end ? *end : std::string(name(end.error().code)));
        co_return response;
      },
      streamed());
  RawClient client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  seen.get_future().wait();
  client.send("0\r\n\r\n");
  EXPECT_THAT(client.read_all(), EndsWith("hello|"));
}

TEST(ServerStream, DrainsWhatTheHandlerLeft) {
  LoopbackServer server(reads, streamed());
  RawClient client(server.port());
  client.send("POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  EXPECT_THAT(client.read_until("]"), StartsWith("HTTP/1.1 200"));
  client.send(std::string(100'000, 'x') + "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.read_all(), EndsWith("[]"));
}

TEST(ServerStream, ClosesWhenTooMuchIsLeft) {
  LoopbackServer server(reads, streamed());
  RawClient client(server.port());
  client.send("POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_THAT(client.read_until("]"), StartsWith("HTTP/1.1 200"));
  client.send(std::string(1'000'000, 'x') + "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.read_all(), "");
}

TEST(ServerStream, SaysContinueAtTheFirstRead) {
  LoopbackServer server(reads, streamed());
  const std::string rest = " HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
  RawClient client(server.port());
  client.send("POST /" + rest);
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  EXPECT_THAT(client.read_until("]"), EndsWith("[abc]"));
  client.send("POST /none" + rest);
  const std::string refused = client.read_until("]");
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(refused, HasSubstr("Connection: close"));
}

TEST(ServerStream, ReadErrorsSayWhatHappened) {
  ServerOptions options = streamed();
  options.limits.body_timeout = Millis(60);
  options.limits.body_bytes = 4;
  LoopbackServer server(reads, options);
  const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_THAT(exchange(server.port(), chunked + "3\r\nabc\r\n"), EndsWith("deadline_exceeded after [abc]"));
  EXPECT_THAT(exchange(server.port(), chunked + "9\r\nabc\r\n"), EndsWith("too_large after []"));
  EXPECT_THAT(exchange(server.port(), chunked + "zzz\r\n"), EndsWith("unavailable after []"));
}

TEST(ServerStream, ReadFailsWhenTheClientGoes) {
  std::promise<Errc> ended;
  LoopbackServer server(
      [&ended](Request request) -> asio::awaitable<Response> {
        auto piece = co_await request.body_reader->read();
        ended.set_value(piece ? Errc::internal : piece.error().code);
        co_return Response();
      },
      streamed());
  {
    RawClient(server.port()).send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
  }
  auto future = ended.get_future();
  ASSERT_EQ(future.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_EQ(future.get(), Errc::unavailable);
}

}  // namespace
}  // namespace wick::http
