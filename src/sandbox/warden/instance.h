#pragma once
// The warden's side of one instance, from the clone of its first process (instance_init.h) to the removal of its cgroup.
//
// An instance is prepared ahead of need, which is most of what the kernel takes long for (namespaces, the move into a cgroup), and
// then started with what to run. The server (serve.h) watches descriptors() and asks next_news() whenever one of them has
// something. An instance is finished once it has said Failed or Exited: nothing of it is left then.
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/warden/host.h"
#include "sandbox/warden/message.h"

namespace wick::sandbox::warden {

class Instance {
 public:
  // Makes the cgroup, the network and the first process, and does not wait for it. name is the cgroup's.
  static Result<std::unique_ptr<Instance>> prepare(const Host& host, const std::string& name, uid_t user);
  ~Instance();

  // Gives it what to run, once: a Boot that has passed check(), and the packet that it came in. Errors: io.
  Result<> start(const Boot& boot, std::string_view packet);

  const std::string& id() const { return id_; }  // empty until start()

  // What becomes readable when there may be news; -1 for one that is not there (any more).
  std::array<int, 3> descriptors() const { return {socket_.get(), init_.get(), cgroup_ ? cgroup_->out_of_memory_event() : -1}; }

  // The next message for the daemon, in order: Booted and then Exited, or Failed alone. Null when there is none now.
  std::optional<Reply> next_news();
  bool finished() const { return state_ == State::finished && !cgroup_; }

  // What can only be had by asking again: while it is so, turn() is to be called every few milliseconds, and next_news() after it.
  bool needs_turns() const { return turns_ > 0; }
  void turn();

  // The daemon's ends, in the order of message.h. They are closed by close_daemon_ends().
  std::array<int, kBootedDescriptors> daemon_ends() const;
  void close_daemon_ends();

  void end_init();
  void kill();  // all of its processes; does not wait
  Usage usage() const;

 private:
  enum class State { prepared, starting, running, finished };

  explicit Instance(const Host& host) : host_(host) {}
  Result<> clone_init(uid_t user);
  void read_news();
  void reach_outside(int ready);
  void watch_memory();
  void remove_cgroup();
  bool reap();
  Reply last_news();

  const Host& host_;
  std::string id_;
  std::uint32_t cpu_millis_ = 0;
  State state_ = State::prepared;
  std::unique_ptr<Cgroup> cgroup_;  // null where there are none, and at the end
  InstanceNetwork network_;
  UniqueFd channel_, log_;  // the daemon's ends, until it has them
  UniqueFd socket_;         // to the first process; closed at its end
  UniqueFd outside_;        // lifeline of its outside network, where it has one
  UniqueFd init_;           // pidfd of the first process, until it is reaped
  bool started_ = false;
  bool killed_ = false;
  int turns_ = 0;  // left
  std::optional<Error> failure_;
  std::optional<int> status_;  // the runtime's, or else the first process's
};

}  // namespace wick::sandbox::warden
