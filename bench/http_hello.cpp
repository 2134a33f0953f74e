// The smallest service over http::Server on one event loop, for a load generator:
//   bench_http_hello [PORT] & wrk -t1 -c64 -d5 http://127.0.0.1:PORT/
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>

#include "http/server.h"

namespace {

boost::asio::awaitable<wick::http::Response> hello(wick::http::Request) {
  wick::http::Response response;
  response.fields.add("Content-Type", "text/plain");
  response.body = "hello";
  co_return response;
}

}  // namespace

int main(int argc, char** argv) {
  boost::asio::io_context loop(1);
  wick::http::Server server(loop.get_executor(), hello);
  const auto port = server.listen("127.0.0.1", static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0));
  if (!port) {
    fmt::print(stderr, "{}\n", port.error().message);
    return 1;
  }
  fmt::print("{}\n", *port);
  std::fflush(stdout);
  loop.run();
}
