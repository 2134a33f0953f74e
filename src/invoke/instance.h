#pragma once
// One instance: a booted sandbox with its channel, its output, Wick's API inside it, and its deadlines.
//
// Phases: init -> idle <-> busy -> ended, with settling after busy while a custom runtime has not asked for the next invocation yet.
// end() kills the tree; the instance is ended when the backend says that everything of it is gone.
//
// It has a place for each call that its version may run at once (function/custom_runtime.h). A place is free while the runtime waits for an
// invocation that no call has for it. A call that is over its deadline ends the instance, which drains first: the other calls on it run on
// to their own ends, and it takes no further one.
//
// Threads: the engine's loop. Shared by its pool, its loops and the calls on it; the backend keeps it until it has exited.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "base/clock.h"
#include "base/result.h"
#include "function/packages.h"
#include "function/version.h"
#include "http/server.h"
#include "invoke/channel.h"
#include "invoke/engine.h"
#include "invoke/log_pipe.h"
#include "invoke/meter.h"
#include "invoke/signal.h"
#include "invoke/watchdog.h"
#include "sandbox/backend.h"

namespace wick::invoke {

class Instance;
using InstancePtr = std::shared_ptr<Instance>;

// What an instance needs of the engine. Outlives every instance.
struct Site {
  boost::asio::any_io_executor loop;
  sandbox::Backend& backend;
  function::Packages& packages;
  WorkerPool& workers;
  const Clock& clock;
  EngineOptions options;
  std::function<void(LogEvent)> log;
  OnUsage metered;
  InstanceApi api;
  http::BodyLimit api_body_limit;
  std::shared_ptr<http::BodyBudget> api_bodies;
};

// Told what happens to an instance apart from a call.
class InstanceOwner {
 public:
  virtual ~InstanceOwner() = default;
  virtual void on_settled(const InstancePtr& instance) = 0;  // it has a free place, apart from those that calls give back
  virtual void on_idle_timeout(const InstancePtr& instance) = 0;
  virtual void on_exit(const InstancePtr& instance) = 0;  // once, at the end
};

// What an instance is made from.
struct Origin {
  StartLevel level = StartLevel::boot;  // not idle
  InstancePtr parent;                   // the template, of a fork
};

enum class Phase { init, idle, busy, settling, ended };

class Instance final : public std::enable_shared_from_this<Instance> {
 public:
  // The templates are instances that take no call: they only init and park. A bare one knows no function; its version stands for the
  // runtime, and neither logs nor is metered.
  enum class Kind { on_demand, provisioned, version_template, bare_template };

  // Unpacks the code where needed and starts the tree. owner and site outlive the instance. Errors: those of Packages::prepare and
  // Backend::boot, or Backend::fork.
  static boost::asio::awaitable<Result<InstancePtr>> make(std::shared_ptr<const Site> site, std::weak_ptr<InstanceOwner> owner,
                                                          function::VersionPtr version, Kind kind, Origin origin = {});
  Instance(std::shared_ptr<const Site> site, std::weak_ptr<InstanceOwner> owner, function::VersionPtr version, Kind kind);
  ~Instance();

  // Waits until the runtime is ready: then the phase is idle. After limit it ends the instance: timed_out.
  boost::asio::awaitable<Reply> init(Millis limit);

  // One invocation, of a call that has a place; the phase is then busy if others run on, idle, settling or, when it was the instance's end,
  // on the way to ended. After limit it ends the instance, or has it drain where other calls run: timed_out.
  boost::asio::awaitable<Reply> deliver(const Invocation& invocation, Millis limit, ResponseStream* stream);

  void take();       // a call has a free place, or the instance to init it
  void give_back();  // ... no more. Without a call it rests: once idle, it ends after the idle timeout, unless provisioned
  std::uint32_t calls() const { return calls_; }
  std::uint32_t free_places() const;

  void drain();  // takes no further call, and ends when it has none
  void end();    // harmless when it is ending or ended

  // How it ended; waits for that a few seconds, once it is ending. nullptr if it has not ended by then.
  boost::asio::awaitable<const sandbox::Exit*> exited();

  // Each call on it, its init included, is between begin_call(), which says its place, and end_call(). While calls wait in its meter, its
  // usage is read once a second, and at its end.
  std::size_t begin_call();
  void end_call(std::size_t place, UsageRecord call);
  void give_up_call(std::size_t place) { meter_.give_up(place); }
  boost::asio::awaitable<void> read_usage();
  bool was_read() const { return was_read_; }
  bool metering() const { return meter_.waiting() > 0; }
  void close_meter() { meter_.close(); }
  std::uint64_t memory_peak_mb() const { return memory_peak_mb_; }  // as of the last reading, which may be one at the end

  // One log event, of the function or of the platform about the instance, or about the call at a place. Each call has a tail of the newest:
  // those about itself, and whatever the function has logged meanwhile, for whichever call.
  void log(std::string message);
  void log(std::size_t place, std::string message);
  std::string tail(std::size_t place);

  Kind kind() const { return kind_; }
  bool is_template() const { return kind_ == Kind::version_template || kind_ == Kind::bare_template; }
  MonoTime resting_since() const { return resting_since_; }
  MonoTime last_call_at() const { return last_call_at_; }
  Phase phase() const { return phase_; }
  bool alive() const { return phase_ != Phase::ended && !ending_ && channel_->usable(); }
  bool usable() const { return alive() && !draining_; }  // for further calls
  const function::VersionPtr& version() const { return version_; }
  const sandbox::InstanceId& id() const { return id_; }

 private:
  struct Running {  // an init or a delivery, in its frame
    const Invocation* invocation;
    MonoTime deadline;
    bool timed_out = false;
  };
  Result<> attach(sandbox::Booted booted);
  boost::asio::awaitable<Result<sandbox::Booted>> begin(Origin origin);
  std::vector<std::string> environment(StartLevel level) const;
  sandbox::Limits limits() const;
  void watch();
  void rest();
  boost::asio::awaitable<void> leave(Reply& reply);
  boost::asio::awaitable<const sandbox::Exit*> exited(Millis patience);
  void on_due();
  void on_ready();
  void on_exit(sandbox::Exit exit);
  void keep(std::size_t place, std::string_view message);
  void emit(std::string message);
  void keep_usage(std::uint64_t memory_peak_bytes, std::uint64_t cpu_nanos);
  static boost::asio::awaitable<void> follow_output(InstancePtr self);
  static boost::asio::awaitable<void> read_when_due(InstancePtr self);

  const std::shared_ptr<const Site> site_;
  const std::weak_ptr<InstanceOwner> owner_;
  const function::VersionPtr version_;
  const Kind kind_;
  const std::uint32_t max_concurrency_;
  const std::string log_stream_;
  function::Prepared code_;               // whose folders it keeps; of a fork, its template's
  std::vector<std::string> environment_;  // of a template, which its forks have too
  sandbox::InstanceId id_;
  Phase phase_ = Phase::init;
  bool ending_ = false;
  bool draining_ = false;
  std::uint32_t calls_ = 0;        // that have a place
  std::uint32_t undelivered_ = 0;  // of these, with an invocation that is still to be delivered
  std::vector<Running*> running_;
  MonoTime resting_since_{};
  MonoTime last_call_at_{};
  std::shared_ptr<Channel> channel_;
  LogPipe output_;
  std::unique_ptr<http::Server> api_;
  Watchdog watchdog_;  // at the nearest deadline
  Signal exit_signal_;
  std::optional<sandbox::Exit> exit_;
  Meter meter_;
  Watchdog reading_due_;
  bool reading_set_ = false;  // one is due, or on its way
  bool was_read_ = false;
  std::uint64_t memory_peak_mb_ = 0;
  MonoTime reading_time_{};
  std::vector<std::string> tails_;  // by place; kept, so that the next call finds room
};

}  // namespace wick::invoke
