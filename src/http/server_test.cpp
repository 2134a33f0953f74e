#include "http/server.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <gmock/gmock.h>

#include "http/loopback_test.h"

namespace wick::http {
namespace {

namespace asio = boost::asio;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Says what it was asked, so that a test sees how the server read the request.
asio::awaitable<Response> echo(Request request) {
  Response response;
  response.body = request.method + " " + request.target + " [" + request.body + "]";
  co_return response;
}

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

TEST(Server, AnswersAndKeepsAlive) {
  LoopbackServer server(echo);
  RawClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    client.send("GET /a?b=%20c HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string head = client.read_until("\r\n\r\n");
    EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\nContent-Length: 16\r\n"));
    EXPECT_THAT(head, ::testing::ContainsRegex("\r\nDate: [A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT\r\n"));
    EXPECT_THAT(head, Not(HasSubstr("Connection:")));
    EXPECT_EQ(client.read_until("]"), "GET /a?b=%20c []");
  }
}

TEST(Server, TellsTheHandlerWhoAsksForWhat) {
  ServerOptions options;
  options.instance = "instance-1";
  LoopbackServer server(
      [](Request request) -> asio::awaitable<Response> {
        Response response;
        response.body = request.path + "|" + request.query + "|" + request.peer_address + "|" + request.instance + "|" +
                        std::string(request.fields.get("x-a")) + "|" + (request.peer_port > 0 ? "port" : "");
        co_return response;
      },
      options);
  EXPECT_THAT(exchange(server.port(), "GET /p%2Fq?r?s HTTP/1.1\r\nHost: a\r\nX-A:  v  \r\nConnection: close\r\n\r\n"),
              EndsWith("\r\n\r\n/p%2Fq|r?s|127.0.0.1|instance-1|v|port"));
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  LoopbackServer server(echo);
  RawClient client(server.port());
  client.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n" + kGet);
  const std::string all = client.read_all();
  EXPECT_THAT(all, ::testing::ContainsRegex("POST /1 \\[ab\\].*GET /2 \\[\\].*GET / \\[\\]$"));
}

TEST(Server, ReadsBytesAsSlowlyAsTheyCome) {
  LoopbackServer server(echo);
  for (const std::string_view request : {"POST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: "
                                         "chunked\r\n\r\n3;x=\"y\"\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: u\r\n\r\n",
                                         "POST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 13\r\n\r\nabc0123456789"}) {
    RawClient client(server.port());
    for (const char c : request) client.send({&c, 1});
    EXPECT_THAT(client.read_all(), EndsWith("POST /a [abc0123456789]"));
  }
}

// Beast's parser asserts on this one unless it is fed with care.
TEST(Server, ReadsAnEmptyChunkedBodyByteByByte) {
  LoopbackServer server(echo);
  RawClient client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
  for (const char c : {'\r', '\n'}) {
    std::this_thread::yield();
    client.send({&c, 1});
  }
  EXPECT_THAT(client.read_all(), EndsWith("POST / []"));
}

TEST(Server, SpeaksHttp10) {
  LoopbackServer server(echo);
  EXPECT_THAT(exchange(server.port(), "GET / HTTP/1.0\r\n\r\n"), EndsWith("Connection: close\r\n\r\nGET / []"));
  RawClient client(server.port());
  client.send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(client.read_until("]"), HasSubstr("\r\nConnection: keep-alive\r\n"));
  client.send("GET /2 HTTP/1.0\r\n\r\n");
  EXPECT_THAT(client.read_all(), EndsWith("GET /2 []"));
}

TEST(Server, HeadHasTheLengthButNoBody) {
  LoopbackServer server(echo);
  EXPECT_THAT(exchange(server.port(), "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
              ::testing::AllOf(HasSubstr("Content-Length: 9\r\n"), EndsWith("\r\n\r\n")));
}

TEST(Server, UnderstandsAbsoluteTargets) {
  LoopbackServer server(echo);
  EXPECT_THAT(exchange(server.port(), "GET http://a:80/x?y HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), EndsWith("GET /x?y []"));
  EXPECT_THAT(exchange(server.port(), "GET http://a?y HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), EndsWith("GET /?y []"));
  EXPECT_THAT(exchange(server.port(), "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), EndsWith("OPTIONS * []"));
}

struct Malformed {
  const char* why;
  std::string request;
  const char* status = "HTTP/1.1 400 Bad Request\r\n";
};

TEST(Server, RefusesWhatIsMalformed) {
  LoopbackServer server(echo);
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  const std::vector<Malformed> cases{
      {"not HTTP", "\x16\x03\x01\x02\r\n\r\n"},
      {"no version", "GET /\r\n\r\n"},
      {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n"},
      {"a blank in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a target without a slash", "GET a HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"bare line feeds", "GET / HTTP/1.1\nHost: a\n\n"},
      {"no Host", "GET / HTTP/1.1\r\n\r\n"},
      {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
      {"a field without a colon", "GET / HTTP/1.1\r\nHost: a\r\nabc\r\n\r\n"},
      {"a field without a name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"},
      {"a blank before the colon", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 1\r\n\r\nx"},
      {"a NUL in a value", std::string("GET / HTTP/1.1\r\nHost: a\r\nA: ") + '\0' + "\r\n\r\n"},
      {"two differing lengths", post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"},
      {"two differing lengths in one field", post + "Content-Length: 1, 2\r\n\r\nab"},
      {"length and chunked", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"chunked and length", post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
      {"a length that is no number", post + "Content-Length: 1x\r\n\r\na"},
      {"a signed length", post + "Content-Length: +1\r\n\r\na"},
      {"a length beyond 64 bits", post + "Content-Length: 99999999999999999999\r\n\r\na"},
      {"an unknown coding", post + "Transfer-Encoding: gzip\r\n\r\n"},
      {"chunked not last", post + "Transfer-Encoding: chunked, gzip\r\n\r\n"},
      {"chunked not alone", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
      {"chunked twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"a chunk size that is no number", post + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n"},
      {"a chunk longer than its size", post + "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n"},
      {"a broken chunk extension", post + "Transfer-Encoding: chunked\r\n\r\n1 x\r\na\r\n0\r\n\r\n"},
      {"an unknown expectation", post + "Expect: tea\r\nContent-Length: 1\r\n\r\n", "HTTP/1.1 417 Expectation Failed\r\n"},
  };
  for (const auto& [why, request, status] : cases) {
    const std::string answer = exchange(server.port(), request);
    EXPECT_THAT(answer, StartsWith(status)) << why;
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n")) << why;
    EXPECT_THAT(answer, ::testing::ContainsRegex("\r\n\r\n\\{\"message\":\"[^\"]+\"\\}$")) << why;
  }
  EXPECT_THAT(exchange(server.port(), kGet), StartsWith("HTTP/1.1 200"));
}

TEST(Server, EqualLengthsTwiceAreOne) {
  LoopbackServer server(echo);
  EXPECT_THAT(exchange(server.port(), "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"),
              EndsWith("[x]"));
}

TEST(Server, SaysContinueOnlyWhenItWaitsForTheBody) {
  LoopbackServer server(echo);
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
  RawClient client(server.port());
  client.send(head);
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  EXPECT_THAT(client.read_all(), EndsWith("[abc]"));
  EXPECT_THAT(exchange(server.port(), head + "abc"), StartsWith("HTTP/1.1 200"));
}

TEST(Server, AFailedHandlerIsA500) {
  LoopbackServer server([](Request request) -> asio::awaitable<Response> {
    if (request.path == "/std") throw std::runtime_error("a secret");
    if (request.path == "/other") throw 5;
    Response response;
    response.status = 42;
    co_return response;
  });
  for (const char* path : {"/std", "/other", "/status"}) {
    const auto answer = exchange(server.port(), "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 Internal Server Error\r\n")) << path;
    EXPECT_THAT(answer, EndsWith("\r\n\r\n{\"message\":\"Internal server error\"}")) << path;
  }
}

TEST(Server, HandlersCannotBreakTheFraming) {
  LoopbackServer server([](Request) -> asio::awaitable<Response> {
    Response response;
    response.fields.add("X-Good", "yes");
    response.fields.add("X-Bad", "a\r\n\r\nHTTP/1.1 200 OK");
    response.fields.add("X Bad", "a");
    response.fields.add("Content-Length", "5");
    response.fields.add("Transfer-Encoding", "chunked");
    response.fields.add("connection", "upgrade");
    response.body = "abc";
    co_return response;
  });
  const std::string answer = exchange(server.port(), kGet);
  EXPECT_THAT(answer, HasSubstr("\r\nX-Good: yes\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 3\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("Bad")));
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
  EXPECT_THAT(answer, Not(HasSubstr("upgrade")));
}

TEST(Server, NoBodyWhereThereCanBeNone) {
  LoopbackServer server([](Request request) -> asio::awaitable<Response> {
    Response response;
    response.status = request.path == "/204" ? 204 : request.path == "/304" ? 304 : 200;
    if (request.method == "HEAD") response.fields.add("Content-Length", "1234");
    if (request.method != "HEAD") response.body = "not to be sent";
    co_return response;
  });
  const std::string rest = " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  for (const char* path : {"/204", "/304"}) {
    const auto answer = exchange(server.port(), std::string("GET ") + path + rest);
    EXPECT_THAT(answer, EndsWith("\r\n\r\n")) << path;
    EXPECT_THAT(answer, Not(HasSubstr("Content-Length"))) << path;
  }
  EXPECT_THAT(exchange(server.port(), "HEAD /" + rest), HasSubstr("\r\nContent-Length: 1234\r\n"));
}

TEST(Server, ListensWhereItIsTold) {
  asio::io_context loop;
  Server server(loop.get_executor(), echo);
  EXPECT_EQ(server.listen("localhost", 0).error().code, Errc::invalid_argument);
  EXPECT_EQ(server.listen("192.0.2.1", 0).error().code, Errc::io);
  const auto port = server.listen("127.0.0.1", 0);
  ASSERT_TRUE(port);
  Server second(loop.get_executor(), echo);
  EXPECT_EQ(second.listen("127.0.0.1", *port).error().code, Errc::io);
  EXPECT_EQ(second.adopt(UniqueFd()).error().code, Errc::io);
}

TEST(Server, AdoptsAListeningSocket) {
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::listen(socket.get(), 8), 0);
  sockaddr_in name{};
  socklen_t size = sizeof name;
  ASSERT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
  LoopbackServer server(echo);
  server.on_loop([&] { EXPECT_TRUE(server.server().adopt(std::move(socket))); });
  EXPECT_THAT(exchange(ntohs(name.sin_port), kGet), EndsWith("GET / []"));
}

}  // namespace
}  // namespace wick::http
