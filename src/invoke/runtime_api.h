#pragma once
// The channel of a custom runtime: the AWS Lambda Runtime API, version 2018-06-01, over HTTP inside the instance's network namespace.
//
//   GET  /2018-06-01/runtime/invocation/next           waits for an invocation; the first one says that init is done
//   POST /2018-06-01/runtime/invocation/ID/response    its result; streamed with Lambda-Runtime-Function-Response-Mode: streaming
//   POST /2018-06-01/runtime/invocation/ID/error       its error object
//   POST /2018-06-01/runtime/init/error                init has failed
//
// One server per instance, on a socket that only this instance can reach, so a request id is all that must match.
// deliver() owns the invocation: it reads the runtime's POST itself, while that request's handler waits for its verdict.
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>

#include "base/fd.h"
#include "base/result.h"
#include "http/message.h"
#include "http/server.h"
#include "invoke/channel.h"
#include "invoke/signal.h"

namespace wick::invoke {

class RuntimeApi final : public Channel, public std::enable_shared_from_this<RuntimeApi> {
 public:
  // on_ready is called whenever the runtime has asked for the next invocation.
  RuntimeApi(boost::asio::any_io_executor loop, std::function<void()> on_ready);
  Result<> open(UniqueFd listening_socket, const std::string& instance);

  boost::asio::awaitable<Reply> init() override;
  boost::asio::awaitable<Reply> deliver(const Invocation& invocation, long long deadline_ms, ResponseStream* stream) override;
  bool ready() const override { return waiting_ > 0 && !closed_; }
  bool usable() const override { return !closed_; }
  void close() override;

 private:
  enum class PostKind { response, error, init_error };
  struct Post {  // a request that brings an answer, in its handler's frame
    const http::Request& request;
    PostKind kind;
    bool judged = false;
    http::Response verdict;
  };
  struct Current {  // what is being delivered, in deliver()'s frame
    const Invocation& invocation;
    long long deadline_ms;
    bool taken = false;
    Post* post = nullptr;
  };

  static boost::asio::awaitable<http::Response> handle(std::shared_ptr<RuntimeApi> self, http::Request request);
  boost::asio::awaitable<http::Response> next();
  boost::asio::awaitable<http::Response> post(const http::Request& request, std::string_view id, PostKind kind);
  boost::asio::awaitable<http::Response> judged(Post& post);
  boost::asio::awaitable<Reply> answer(Post& post, ResponseStream* stream);
  boost::asio::awaitable<Reply> streamed(Post& post, ResponseStream* stream);
  static Reply broken_off(Post& post, Errc why, const std::string& message);
  boost::asio::awaitable<Reply> whole(Post& post, Reply::End end);

  boost::asio::any_io_executor loop_;
  std::function<void()> on_ready_;
  Signal changed_;
  std::unique_ptr<http::Server> server_;
  Current* current_ = nullptr;
  Post* init_error_ = nullptr;
  std::string answered_id_;  // of the last invocation that has its answer
  unsigned long turn_ = 0;   // of GET next: the newest one gets the invocation, as older ones may be from a process that is gone
  int waiting_ = 0;          // requests for the next one, 0 or 1 that counts
  bool init_done_ = false;
  bool closed_ = false;
};

}  // namespace wick::invoke
