#pragma once
// The inside of a simulated instance: init, then one invocation after another over Wick's frames, or, of a template, parking.
//
// Its fate comes from a chance of its own, so that what one instance does changes nothing for the others.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/clock.h"
#include "base/fd.h"
#include "base/timer.h"
#include "fault.h"
#include "invoke/frame.h"
#include "ledger.h"
#include "plan.h"
#include "sandbox/limits.h"

namespace wick::sim {

class Runtime : public Process, public std::enable_shared_from_this<Runtime> {
 public:
  // plan: of its function; nullptr for a bare template's.
  Runtime(boost::asio::any_io_executor loop, Chance luck, const FunctionPlan* plan, const Clock& clock, Ledger& ledger, Fault fault)
      : chance(luck), channel(loop), plan_(plan), clock_(clock), ledger_(ledger), fault_(fault), pause_(loop), death_(loop) {}

  boost::asio::awaitable<void> live();
  boost::asio::awaitable<void> die_later(Micros after);
  void die();  // at once; leave() comes from the inside, this from the machine

  Chance chance;
  boost::asio::local::stream_protocol::socket channel;
  UniqueFd log;
  std::vector<std::string> environment;
  int origin = 0;  // the template's number, of a fork
  bool is_fork_of_version = false;
  std::uint64_t cpu_nanos = 0;
  std::function<void(sandbox::Exit)> on_exit;
  std::function<void(int status)> leave;

 private:
  struct Asked {
    std::string id;
    long long deadline_ms = 0;
  };
  boost::asio::awaitable<bool> pass(Micros time);  // false: it has died meanwhile
  boost::asio::awaitable<bool> init();
  boost::asio::awaitable<bool> serve();
  boost::asio::awaitable<std::optional<Asked>> next();
  void answer(const std::string& id, Micros ran);
  void send(invoke::FrameType type, const std::string& body = {});
  void enter(State next);
  void use(Micros time) { cpu_nanos += static_cast<std::uint64_t>(time.count()) * 700; }

  const FunctionPlan* const plan_;
  const Clock& clock_;
  Ledger& ledger_;
  const Fault fault_;
  Timer pause_;
  Timer death_;
};

}  // namespace wick::sim
