#pragma once
// For tests: a Backend whose instances are threads of the test program. Each runs a script that plays the runtime's side of the
// channel. No part of the program includes it.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <tuple>

#include <fmt/format.h>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

#include "invoke/frame.h"
#include "sandbox/backend.h"

namespace wick::invoke {

inline int exit_status(int code) { return code << 8; }  // as waitpid(2) gives it

// The inside of one instance. A script runs on its own thread and returns the wait status that the instance ends with.
class FakeRuntime {
 public:
  struct Invoke {
    std::string meta;
    std::string payload;
  };

  // The next invocation; none once the channel has ended.
  std::optional<Invoke> next() {
    std::string head(kFrameHeaderSize, '\0');
    if (!read(head.data(), head.size())) return std::nullopt;
    std::string body(size_at(head, 0), '\0');
    if (head[4] != 'I' || !read(body.data(), body.size())) return std::nullopt;
    const std::size_t meta = size_at(body, 0);
    return Invoke{body.substr(4, meta), body.substr(4 + meta)};
  }
  void send(FrameType type, std::string_view body = {}) { raw(encode_frame(type, body)); }
  bool raw(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(channel.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  void print(std::string_view text) { (void)!::write(log.get(), text.data(), text.size()); }
  int hang() {  // until killed
    std::unique_lock lock(mutex);
    wake.wait(lock, [this] { return killed.load(); });
    return SIGKILL;
  }
  void kill() {
    const std::lock_guard lock(mutex);
    killed = true;
    ::shutdown(channel.get(), SHUT_RDWR);
    wake.notify_all();
  }

  sandbox::Spec spec;
  std::optional<sandbox::ForkSpec> fork;  // it is one
  int number = 0;                         // 1 for the first one
  std::uint16_t runtime_api_port = 0;
  UniqueFd channel;
  UniqueFd log;
  sandbox::Exit exit;  // its status is the script's result
  std::mutex mutex;
  std::condition_variable wake;
  std::atomic<bool> killed = false;

 private:
  static std::size_t size_at(const std::string& bytes, std::size_t at) {
    std::uint32_t out = 0;
    std::memcpy(&out, bytes.data() + at, sizeof out);
    return out;
  }
  bool read(char* out, std::size_t size) {
    while (size > 0) {
      const ssize_t n = ::recv(channel.get(), out, size, 0);
      if (n <= 0) return false;
      out += n;
      size -= static_cast<std::size_t>(n);
    }
    return true;
  }
};

using Script = std::function<int(FakeRuntime&)>;

class FakeBackend final : public sandbox::Backend {
 public:
  explicit FakeBackend(boost::asio::any_io_executor loop) : loop_(std::move(loop)) {}
  ~FakeBackend() override {
    for (auto& [id, one] : instances_) one->runtime.kill();
    for (auto& [id, one] : instances_) one->thread.join();
  }

  boost::asio::awaitable<Result<sandbox::Booted>> boot(sandbox::Spec spec, std::function<void(sandbox::Exit)> on_exit) override {
    if (boot_error) co_return std::unexpected(*boot_error);
    ++booted;
    if (spec.is_template) ++templates;
    co_return begin(std::move(spec), std::nullopt, std::move(on_exit));
  }
  // A fork runs the same script, with the specification of its template.
  boost::asio::awaitable<Result<sandbox::Booted>> fork(sandbox::ForkSpec spec, std::function<void(sandbox::Exit)> on_exit) override {
    if (fork_error) co_return std::unexpected(*fork_error);
    const auto origin = instances_.find(spec.origin);
    if (origin == instances_.end()) co_return fail(Errc::unavailable, "the template is gone");
    ++forked;
    co_return begin(origin->second->runtime.spec, std::move(spec), std::move(on_exit));
  }
  bool can_fork() const override { return forks; }
  void end_init(const sandbox::InstanceId&) override { ++inits_ended; }
  void kill(const sandbox::InstanceId& id) override {
    if (const auto found = instances_.find(id); found != instances_.end()) found->second->runtime.kill();
  }
  boost::asio::awaitable<Result<sandbox::Usage>> usage(sandbox::InstanceId) override {
    ++usages;
    co_return sandbox::Usage{.memory_peak_bytes = memory_peak_bytes, .cpu_nanos = cpu_nanos};
  }

  Script script;
  std::optional<Error> boot_error;
  std::uint64_t memory_peak_bytes = 10 << 20;
  std::uint64_t cpu_nanos = 0;  // of every instance, as long as it lives; FakeRuntime::exit has its own
  bool forks = false;
  std::optional<Error> fork_error;
  int booted = 0;     // templates included
  int templates = 0;  // booted
  int forked = 0;
  int alive = 0;
  int inits_ended = 0;
  int usages = 0;

 private:
  struct One {
    FakeRuntime runtime;
    std::function<void(sandbox::Exit)> on_exit;
    std::thread thread;
  };

  sandbox::Booted begin(sandbox::Spec spec, std::optional<sandbox::ForkSpec> fork, std::function<void(sandbox::Exit)> on_exit) {
    const int number = booted + forked;
    ++alive;
    sandbox::Booted out;
    out.id = sandbox::InstanceId(fmt::format("{:032x}", number));
    auto& one = instances_[out.id];
    one = std::make_unique<One>();
    one->on_exit = std::move(on_exit);
    one->runtime.spec = std::move(spec);
    one->runtime.fork = std::move(fork);
    one->runtime.number = number;
    int ends[2];
    (void)!::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
    out.channel.reset(ends[0]);
    one->runtime.channel.reset(ends[1]);
    (void)!::pipe2(ends, O_CLOEXEC);
    out.log.reset(ends[0]);
    one->runtime.log.reset(ends[1]);
    std::tie(out.runtime_api, one->runtime.runtime_api_port) = listener();
    std::tie(out.api, std::ignore) = listener();
    one->thread = std::thread([this, id = out.id, &runtime = one->runtime] { run(id, runtime); });
    return out;
  }

  static std::pair<UniqueFd, std::uint16_t> listener() {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    (void)::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size);
    (void)::listen(fd.get(), 16);
    (void)::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return {std::move(fd), ntohs(address.sin_port)};
  }

  void run(const sandbox::InstanceId& id, FakeRuntime& runtime) {
    runtime.exit.status = script(runtime);
    {
      const std::lock_guard lock(runtime.mutex);  // kill() uses the channel
      runtime.channel.reset();
      runtime.log.reset();
    }
    boost::asio::post(loop_, [this, id] {
      const auto found = instances_.find(id);
      const auto one = std::move(found->second);
      instances_.erase(found);
      one->thread.join();
      --alive;
      one->on_exit(one->runtime.exit);
    });
  }

  boost::asio::any_io_executor loop_;
  std::map<sandbox::InstanceId, std::unique_ptr<One>> instances_;
};

}  // namespace wick::invoke
