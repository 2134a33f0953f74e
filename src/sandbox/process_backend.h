#pragma once
// The Backend that has the warden make its process trees: the daemon's end of warden/message.h.
//
// Threads: everything on the loop. Requests that the socket does not take at once wait in a queue of at most kQueueMax packets;
// beyond that boots fail with throttled. A boot that the warden does not answer in kBootMax fails, and is killed when the answer
// comes after all; the same goes for one whose caller has stopped waiting.
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "sandbox/backend.h"
#include "sandbox/start.h"
#include "sandbox/warden/message.h"

namespace wick::sandbox {

// What the backend and its read loop share; lives as long as either.
class WardenLink : public std::enable_shared_from_this<WardenLink> {
 public:
  static constexpr std::size_t kQueueMax = 4096;
  static constexpr std::chrono::seconds kBootMax{30};
  static constexpr std::chrono::seconds kUsageMax{5};

  WardenLink(boost::asio::any_io_executor loop, UniqueFd socket, std::function<void()> on_lost);

  void start();  // the read loop
  void close();  // no callback comes any more; waiting calls fail with unavailable

  boost::asio::awaitable<Result<Booted>> boot(Spec spec, std::function<void(Exit)> on_exit);
  boost::asio::awaitable<Result<Booted>> fork(ForkSpec spec, std::function<void(Exit)> on_exit);
  boost::asio::awaitable<Result<Usage>> usage(InstanceId id);
  Result<> send(const warden::Request& request);

 private:
  // One who waits for an answer: the timer is cancelled when it is there.
  template <class T>
  struct Waiter {
    explicit Waiter(const boost::asio::any_io_executor& loop) : answered(loop) {}
    boost::asio::steady_timer answered;
    Result<T> answer = fail(Errc::deadline_exceeded, "the warden does not answer");
  };
  struct Living {
    std::function<void(Exit)> on_exit;
    std::shared_ptr<Waiter<Booted>> waiter;  // null once boot() has returned
    bool wanted = true;                      // false once boot() has been given up: then it is killed, and nobody hears of its end
    std::optional<Exit> exit;                // that came before boot() had returned
  };
  class Booting;

  boost::asio::awaitable<Result<Booted>> begin(std::string id, std::string packet, std::function<void(Exit)> on_exit);
  Result<> send(std::string packet);

  void await_packet();
  bool take_packet();
  void handle(warden::Reply reply, std::vector<UniqueFd> descriptors);
  void handle_booted(const std::string& id, std::vector<UniqueFd> descriptors);
  void handle_failed(warden::Failed failed);
  void handle_exited(const warden::Exited& exited);
  void handle_usage(const warden::UsageReply& reply);
  void end_boot(const std::string& id, bool wanted);
  void flush();
  void lose();

  boost::asio::any_io_executor loop_;
  boost::asio::posix::stream_descriptor socket_;
  std::function<void()> on_lost_;
  std::vector<char> buffer_;
  std::deque<std::string> queue_;
  bool flushing_ = false;
  bool open_ = true;     // false once the warden is gone
  bool closed_ = false;  // by the owner
  std::unordered_map<std::string, Living> living_;
  std::unordered_multimap<std::string, std::shared_ptr<Waiter<Usage>>> usages_;
};

}  // namespace wick::sandbox
