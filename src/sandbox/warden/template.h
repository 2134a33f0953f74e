#pragma once
// The warden's side of one template beyond its instance: its keeper (keeper.h), the seats that are ready for its forks, with a fork that
// waits for its order in some of them, and which of its forks is which to its first process. The seats are instances in slots of their own; what
// happens to them is told to those, and the slots are returned, for whoever passes their news on.
//
// Seats are made ahead of need: few while there is little to do, more after forks have had to wait, and fewer again after a while. So are
// forks, in half of the seats. One that waits is no instance of the daemon's yet, and gets its order from here unless its seat lacks something.
// Should it end before its order it goes with its seat, and nothing further is made ahead until the next order, so that a template whose forks do not
// live costs nothing.
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "sandbox/warden/host.h"
#include "sandbox/warden/keeper.h"
#include "sandbox/warden/message.h"
#include "sandbox/warden/slots.h"

namespace wick::sandbox::warden {

// What stays of a template's Boot.
struct TemplateTraits {
  Limits limits;
  Network network = Network::api_only;
  bool has_package = false;
};

class Template {
 public:
  static constexpr std::size_t kSeatsMin = 2;
  static constexpr std::size_t kSeatsMax = 32;
  static constexpr Millis kCalm{10'000};

  // Of the instance in slot, whose runtime has been started.
  static Result<std::unique_ptr<Template>> open(const Host& host, Slots& slots, std::size_t slot, const TemplateTraits& traits);

  int descriptor() const { return keeper_.socket.get(); }  // when it is readable, hear() is to be called
  bool is_ending() const { return !keeper_.socket; }
  bool has_forks() const { return !forks_.empty(); }

  // The slot in which the new instance begins. Errors: invalid_argument (a package where the template has its own, or none where it has
  // not), unavailable (it is ending, or cannot take so many at once), throttled, io.
  Result<std::size_t> fork(const Fork& request, std::string_view packet, std::string cgroup);

  // The slots that have news.
  using News = std::vector<std::size_t>;
  News hear();
  // Also after its end: processes that the template's first one has reaped.
  News take_child_ends();
  // Ends the keeper and what is not yet a fork that runs. Those that run do so on.
  News end();

  // An instance that is no more.
  void forget(std::size_t slot);

  bool wants_seat() const { return stocking_ && !is_ending() && free_.size() < seats_wanted_; }
  Result<> make_seat(std::string cgroup);  // does not wait for it
  bool wants_fork() const;
  void fork_ahead();  // does not wait for it
  bool has_many_seats() const { return seats_wanted_ > kSeatsMin && !is_ending(); }
  News shrink(MonoTime now);  // to be called now and then while it has many

 private:
  enum class Stage { ordered, made, forking, forked };
  struct Free {
    std::uint64_t number;  // of the seat (keeper.h)
    std::size_t slot;
    Stage stage = Stage::ordered;
    UniqueFd own;           // to the fork
    bool has_gone = false;  // an order has found that the fork has ended, of which nobody has told yet
  };

  struct UnknownEnd : Instance::ChildEnd {
    MonoTime time;
  };

  Template(const Host& host, Slots& slots, std::size_t slot, const TemplateTraits& traits)
      : host_(host), slots_(slots), slot_(slot), traits_(traits) {}
  Result<> order(const Free& seat, const Fork& request, std::string_view packet);
  std::deque<Free>::iterator furthest();
  Result<> tell(NoteType type, std::uint64_t seat, std::string_view text = {}, const std::vector<UniqueFd>& descriptors = {});
  void take(const Note& note, std::string_view text, std::vector<UniqueFd> descriptors, News& news);
  void take_fork(std::size_t slot, pid_t pid, News& news);
  void forget_old_ends();
  void end_fork(std::size_t slot, int status, News& news);
  void discard(const Free& seat, const Error& error, News& news);

  const Host& host_;
  Slots& slots_;
  std::size_t slot_;
  TemplateTraits traits_;
  CgroupSharePtr share_;  // of the processor, which all of its forks have together; none for a template of many functions
  Keeper keeper_;
  std::deque<Free> free_;                       // seats without an order, the oldest first
  std::map<std::uint64_t, std::size_t> taken_;  // slots of those with an order that is with the keeper, by their numbers
  std::vector<std::uint64_t> begun_;            // numbers of those with an order from here, which the keeper is still to forget
  std::uint64_t next_number_ = 0;
  std::map<pid_t, std::size_t> forks_;   // slots of the forks, by the pid in the template's pid namespace
  std::deque<UnknownEnd> unknown_ends_;  // some of them maybe of forks that have ended before they were heard of
  std::size_t seats_wanted_ = kSeatsMin;
  bool stocking_ = true;  // false after a failure, until the next fork
  MonoTime calm_since_;
};

}  // namespace wick::sandbox::warden
