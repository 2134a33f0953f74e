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
//
// A runtime may have as many invocations as the version's max_concurrency, and ask for the next one in as many loops less those that it has.
// One request more replaces the oldest that waits, and of those that wait the newest is answered: older ones may be of a client that is gone.
// Where that is known, with several loops, they do not count.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "base/fd.h"
#include "base/result.h"
#include "base/timer.h"
#include "http/message.h"
#include "http/server.h"
#include "invoke/channel.h"
#include "invoke/signal.h"

namespace wick::invoke {

class RuntimeApi final : public Channel, public std::enable_shared_from_this<RuntimeApi> {
 public:
  // on_ready is called whenever the runtime waits for one more invocation.
  RuntimeApi(boost::asio::any_io_executor loop, std::uint32_t max_concurrency, std::function<void()> on_ready);
  Result<> open(UniqueFd listening_socket, const std::string& instance);

  boost::asio::awaitable<Reply> init() override;
  boost::asio::awaitable<Reply> deliver(const Invocation& invocation, long long deadline_ms, ResponseStream* stream) override;
  bool has_reply(const Invocation& invocation) const override { return !find(invocation.id.str()); }
  void give_up(const Invocation& invocation) override;
  std::uint32_t ready() const override { return closed_ ? 0 : static_cast<std::uint32_t>(asking_.size()); }
  bool usable() const override { return !closed_; }
  void close() override;

 private:
  // In the frame of the one coroutine that waits in it, until something has changed.
  struct Waiting {
    explicit Waiting(const boost::asio::any_io_executor& loop) : timer(loop, Timer::time_point::max()) {}
    boost::asio::awaitable<void> wait();
    void wake() { timer.cancel(); }
    Timer timer;
  };
  enum class PostKind { response, error, init_error };
  struct Post : Waiting {  // a request that brings an answer, in its handler's frame
    Post(const boost::asio::any_io_executor& loop, const http::Request& of, PostKind what) : Waiting(loop), request(of), kind(what) {}
    const http::Request& request;
    PostKind kind;
    bool judged = false;
    http::Response verdict;
  };
  struct Delivery : Waiting {  // an invocation without its answer, in deliver()'s frame
    Delivery(const boost::asio::any_io_executor& loop, const Invocation& what, long long deadline)
        : Waiting(loop), invocation(what), deadline_ms(deadline) {}
    const Invocation& invocation;
    long long deadline_ms;
    bool given = false;  // to a request for the next one
    bool taken = false;  // that request is answered with it
    bool given_up = false;
    Post* post = nullptr;
  };
  struct Asking : Waiting {  // a request for the next invocation, in its handler's frame
    Asking(const boost::asio::any_io_executor& loop, const http::Request& of) : Waiting(loop), request(of) {}
    bool is_gone() const { return request.body_reader->peer_is_gone(); }
    void replace() {
      replaced = true;
      wake();
    }
    const http::Request& request;
    Delivery* delivery = nullptr;
    bool replaced = false;
  };

  static boost::asio::awaitable<http::Response> handle(std::shared_ptr<RuntimeApi> self, http::Request request);
  boost::asio::awaitable<http::Response> next(const http::Request& request);
  boost::asio::awaitable<http::Response> post(const http::Request& request, std::string_view id, PostKind kind);
  boost::asio::awaitable<http::Response> judged(Post& post);
  boost::asio::awaitable<Reply> answer(Post& post, ResponseStream* stream);
  boost::asio::awaitable<Reply> streamed(Post& post, ResponseStream* stream);
  static Reply broken_off(Post& post, Errc why, const std::string& message);
  boost::asio::awaitable<Reply> whole(Post& post, Reply::End end);
  static void judge(Post& post);
  void match();
  Delivery* find(std::string_view id) const;
  void remember_answered(const Invocation& invocation);

  boost::asio::any_io_executor loop_;
  const std::uint32_t max_concurrency_;
  std::function<void()> on_ready_;
  Signal changed_;  // asking_, init_error_, closed_
  std::unique_ptr<http::Server> server_;
  std::vector<Delivery*> deliveries_;  // oldest first
  std::vector<Asking*> asking_;        // that have no invocation yet, oldest first
  std::size_t left_ = 0;               // loops that have answered an invocation
  std::size_t back_ = 0;               // so many of these ask again, or are not waited for any more
  Post* init_error_ = nullptr;
  std::vector<std::string> answered_ids_;  // of the last invocations that have their answer
  std::size_t answered_ = 0;               // invocations
  bool init_done_ = false;
  bool closed_ = false;
};

}  // namespace wick::invoke
