#pragma once
// The warden's side of one instance, from the making of its first process to the removal of its cgroup.
//
// An instance is prepared ahead of need, which is most of what the kernel takes long for (namespaces, the move into a cgroup), and
// then started with what to run. Its first process is a clone of the warden that starts a runtime (instance_init.h), or the one of a
// seat (seat.h), into which a template is forked: then its news come from the template (template.h). The server (serve.h) watches descriptors() and
// asks next_news() whenever one of them has something. An instance is finished once it has said Failed or Exited and nothing of it is left, but for
// its cgroup where that takes longer.
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/warden/host.h"
#include "sandbox/warden/message.h"

namespace wick::sandbox::warden {

class Instance {
 public:
  // Makes the cgroup, the network and the first process, and does not wait for it. name is the cgroup's, which lies in the share or, where
  // that is null, directly below the warden's.
  static Result<std::unique_ptr<Instance>> prepare(const Host& host, const std::string& name, uid_t user, CgroupSharePtr share);
  ~Instance();

  // Makes the cgroup alone, for a seat, with the limits that it will likely have.
  static Result<std::unique_ptr<Instance>> prepare_seat(const Host& host, const std::string& name, const Limits& limits, CgroupSharePtr share);

  // Gives it what to run, once: a Boot that has passed check(), and the packet that it came in. Errors: io.
  Result<> start(const Boot& boot, std::string_view packet);

  // The steps of a seat: the doors of its cgroup; its first process, once it is there; the fork's ends, in the order of keeper.h, once it
  // is known what it will be; that the fork has its order; that it has ended, with a status as waitpid(2) gives it; that all of it came to nothing.
  Result<std::vector<UniqueFd>> doors() const { return cgroup_->doors(); }
  void take_seat(UniqueFd first_process, InstanceNetwork network, UniqueFd outside);
  Result<std::array<UniqueFd, 2>> start(const Fork& fork);
  void forked();
  void ended(int status);
  void come_to_nothing(Error error);

  // A template: the ends of its processes other than the first and the runtime, and the socket that its forks are ordered on, which its
  // taker keeps.
  struct ChildEnd {
    pid_t pid;
    int status;
  };
  std::vector<ChildEnd> take_child_ends() { return std::exchange(child_ends_, {}); }
  bool is_template() const { return is_template_; }
  pid_t first_process() const { return pid_; }
  UniqueFd take_control() { return std::move(control_); }

  const std::string& id() const { return id_; }  // empty until start()

  // What becomes readable when there may be news; -1 for one that is not there (any more).
  std::array<int, 3> descriptors() const { return {socket_.get(), init_.get(), cgroup_ ? cgroup_->out_of_memory_event() : -1}; }

  // The next message for the daemon, in order: Booted and then Exited, or Failed alone. Null when there is none now. A template says
  // Exited once its own processes are gone, and is finished only when its forks are as well.
  std::optional<Reply> next_news();
  bool finished() const { return state_ == State::finished && (!cgroup_ || turns_ == 0); }
  // Of one that is finished: the cgroup that could not be removed by now, null if none is left.
  std::unique_ptr<Cgroup> take_cgroup() { return std::move(cgroup_); }

  // What can only be had by asking again: while it is so, turn() is to be called every few milliseconds, and next_news() after it.
  bool needs_turns() const { return turns_ > 0; }
  void turn();

  // The daemon's ends, in the order of message.h. They are closed by close_daemon_ends().
  std::array<int, kBootedDescriptors> daemon_ends() const;
  void close_daemon_ends();

  void end_init();
  void weigh(unsigned halvings);  // cgroup.h
  void kill();                    // all of its processes; does not wait. Of a template, all but the first, which stays while there are forks
  void end();                     // those of a template's forks as well
  bool is_ending() const { return killed_ || gone_; }
  Usage usage() const;

 private:
  enum class State { prepared, starting, running, lingering, finished };

  explicit Instance(const Host& host) : host_(host) {}
  Result<> clone_init(uid_t user);
  void read_news();
  void reach_outside(int ready);
  void watch_memory();
  void remove_cgroup();
  bool reap();
  Reply exited();
  Reply last_news();
  void finish();

  const Host& host_;
  std::string id_;
  Limits limits_;
  State state_ = State::prepared;
  std::unique_ptr<Cgroup> cgroup_;  // null where there are none, and at the end
  InstanceNetwork network_;
  UniqueFd channel_, log_;  // the daemon's ends, until it has them
  UniqueFd socket_;         // to the first process; closed at its end
  UniqueFd outside_;        // lifeline of its outside network, where it has one
  UniqueFd control_;        // a template's
  UniqueFd init_;           // pidfd of the first process, until it has ended
  pid_t pid_ = -1;          // its pid, unless it is a seat's
  bool is_template_ = false;
  bool is_seat_ = false;
  bool gone_ = false;   // the first process has ended, or will never be
  bool alone_ = false;  // of a template's first process: all others have ended
  bool started_ = false;
  bool killed_ = false;
  int turns_ = 0;  // left
  std::optional<Error> failure_;
  std::optional<int> status_;  // the runtime's or the fork's
  std::vector<ChildEnd> child_ends_;
};

}  // namespace wick::sandbox::warden
