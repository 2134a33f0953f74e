#pragma once
// The way to one instance's runtime: its word that init is done, then invocations, and the reply to each.
//
// FrameChannel speaks Wick's frames to managed runtimes, RuntimeApi is the AWS Lambda Runtime API for custom ones. The instance that
// owns a channel has the deadlines: it ends a wait with give_up() or close(). What a runtime sends is never trusted.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "invoke/invocation.h"

namespace wick::invoke {

// AWS's limit of a buffered response, as its error message names it: 6 MB and a little.
inline constexpr std::size_t kResponseMax = 6'291'556;

struct Reply {
  enum class End {
    ok,         // init is done; the invocation has succeeded
    failed,     // body is the error object
    too_large,  // the response is over its limit
    gone,       // the runtime went away before it answered
    not_taken,  // it went away before it had the invocation, which may therefore go to another instance
    broken,     // the runtime broke the protocol; body says how
    timed_out,  // set by the instance, see Instance::deliver
    cut_off,    // set by the instance: it was ended meanwhile, which only Engine::stop does to a busy one
  };
  End end = End::gone;
  std::string body;        // result or error object as JSON; empty when it was streamed
  std::string error_type;  // of failed, when the runtime named it apart from the object
};

class Channel {
 public:
  virtual ~Channel() = default;

  // Once. Ends: ok, failed, gone, broken.
  virtual boost::asio::awaitable<Reply> init() = 0;

  // After init, while usable(): one for each that the runtime waits for. deadline_ms: Unix time. The references and stream live until it
  // returns.
  virtual boost::asio::awaitable<Reply> deliver(const Invocation& invocation, long long deadline_ms, ResponseStream* stream) = 0;

  // Whether it has its reply, though deliver() has not returned yet.
  virtual bool has_reply(const Invocation& /*invocation*/) const { return false; }
  // Ends the wait for the reply to this invocation alone, where a channel can have several.
  virtual void give_up(const Invocation& /*invocation*/) {}

  // How many invocations the runtime waits for.
  virtual std::uint32_t ready() const = 0;
  // False once it cannot take another.
  virtual bool usable() const = 0;

  // Ends whatever is awaited. What the runtime sent before may still be read.
  virtual void close() = 0;
};

}  // namespace wick::invoke
