#include "http/loopback_test.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

namespace wick::http {

namespace asio = boost::asio;

LoopbackServer::LoopbackServer(Handler handler, ServerOptions options)
    : server_(std::make_unique<Server>(loop_.get_executor(), std::move(handler), std::move(options))) {
  auto bound = server_->listen("127.0.0.1", 0);
  EXPECT_TRUE(bound) << bound.error().message;
  port_ = bound.value_or(0);
  thread_ = std::thread([this] { loop_.run(); });
}

LoopbackServer::~LoopbackServer() {
  destroy();
  work_.reset();
  thread_.join();  // the loop ends by itself: nothing of the server is left on it
}

void LoopbackServer::on_loop(std::function<void()> call) {
  std::promise<void> done;
  asio::post(loop_, [&] {
    call();
    done.set_value();
  });
  done.get_future().wait();
}

std::future<void> LoopbackServer::stop(Millis grace) { return asio::co_spawn(loop_, server_->stop(grace), asio::use_future); }

void LoopbackServer::destroy() {
  on_loop([this] { server_.reset(); });
}

RawClient::RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval limit{.tv_sec = 10, .tv_usec = 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fd_.reset();
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

std::string RawClient::read_until(std::string_view end) {
  for (;;) {
    if (const auto at = pending_.find(end); !end.empty() && at != std::string::npos) {
      std::string out = pending_.substr(0, at + end.size());
      pending_.erase(0, out.size());
      return out;
    }
    char bytes[16 * 1024];
    const auto n = ::recv(fd_.get(), bytes, sizeof bytes, 0);
    if (n < 0 && errno == ECONNRESET) reset_ = true;
    if (n <= 0) return std::exchange(pending_, {});
    pending_.append(bytes, static_cast<std::size_t>(n));
  }
}

bool RawClient::answered() const {
  char byte = 0;
  return ::recv(fd_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

std::string RawClient::read_all() { return read_until(""); }

std::string exchange(std::uint16_t port, std::string_view bytes) {
  RawClient client(port);
  client.send(bytes);
  return client.read_all();
}

}  // namespace wick::http
