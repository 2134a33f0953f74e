#pragma once
// The warden's one loop: requests of the daemon in, news of the instances out. One thread, nothing that waits for an instance:
// what takes long happens in the instance's own first process, and a few of those are kept ready.
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"
#include "sandbox/warden/host.h"
#include "sandbox/warden/instance.h"
#include "sandbox/warden/leftover_groups.h"
#include "sandbox/warden/message.h"
#include "sandbox/warden/shares.h"
#include "sandbox/warden/slots.h"
#include "sandbox/warden/template.h"

namespace wick::sandbox::warden {

class Server {
 public:
  static Result<Server> open(UniqueFd daemon, Host host);

  // Says Hello and serves until the daemon is gone, which needs no error, or sends what is not a message. Either way every
  // instance is killed, and the cgroups are removed, within a second or so.
  Result<> run();

 private:
  Server(UniqueFd daemon, Host host, Slots slots)
      : daemon_(std::move(daemon)), host_(std::move(host)), slots_(std::move(slots)), buffer_(kPacketMax) {}

  Result<> serve();
  int next_wake() const;
  Result<bool> take_request();
  void handle(const Boot& request);
  void handle(const Fork& request);
  void handle(const EndInit& request);
  void handle(const Kill& request);
  void handle(const GetUsage& request);
  Result<> boot(const Boot& request);
  Result<> fork(const Fork& request);

  Instance* find(std::string_view id) const;
  std::string next_cgroup() { return std::to_string(++serial_); }
  Result<std::size_t> take_prepared();
  Result<std::size_t> prepare_one(CgroupSharePtr share = nullptr);
  bool wants_stock() const;
  void stock_up();
  void hear_event(std::uint64_t key);
  void hear(std::size_t slot);
  void hear_all(const Template::News& slots);
  Shares::Weigh weigh() const;
  void begin_template(std::size_t slot);
  void tend_template(std::size_t slot);
  void shrink_templates();
  void take_turns();
  void watch_turns(std::size_t slot);
  void forget(std::size_t slot);
  void end_all();
  void send(const Reply& reply, std::span<const int> descriptors = {});

  UniqueFd daemon_;
  Host host_;
  Slots slots_;
  std::vector<char> buffer_;                                    // one packet, wiped after use
  std::size_t size_ = 0;                                        // of the packet
  std::unordered_map<std::string, std::size_t> by_id_;          // slot of each that has been started
  std::deque<std::size_t> prepared_;                            // slots of those that wait
  std::unordered_map<std::size_t, TemplateTraits> booting_;     // templates that are not started yet, by slot
  std::map<std::size_t, std::unique_ptr<Template>> templates_;  // the others, while any of their forks is left
  Shares shares_;                                               // of those that have a name for it
  LeftoverGroups leftovers_;
  std::set<std::size_t> turning_;  // slots of those that may need turns
  MonoTime next_turn_;
  std::uint64_t serial_ = 0;
  bool stocking_ = true;  // false after a failure, until the next boot
  bool ending_ = false;
};

}  // namespace wick::sandbox::warden
