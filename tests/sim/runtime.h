#pragma once
// A simulated instance, whatever it speaks: what it has of the machine, how time passes in it, and how it dies. frame_runtime.h and
// custom_runtime.h are its insides.
//
// Its fate comes from a chance of its own, so that what one instance does changes nothing for the others.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/clock.h"
#include "base/fd.h"
#include "fault.h"
#include "invoke/signal.h"
#include "ledger.h"
#include "plan.h"
#include "sandbox/backend.h"

namespace wick::sim {

class Runtime : public Process, public std::enable_shared_from_this<Runtime> {
 public:
  // plan: of its function; nullptr for a bare template's.
  Runtime(boost::asio::any_io_executor loop, Chance luck, const FunctionPlan* plan, const Clock& clock, Ledger& ledger, Fault fault)
      : chance(luck), loop_(std::move(loop)), plan_(plan), clock_(clock), ledger_(ledger), fault_(fault), death_(loop_) {}
  virtual ~Runtime() = default;

  void begin(sandbox::Booted& ends);  // makes the engine's ends of what it has, and lives
  boost::asio::awaitable<void> die_later(Micros after);
  void die();  // at once; leave() comes from the inside, this from the machine

  Chance chance;
  std::vector<std::string> environment;
  int origin = 0;  // the template's number, of a fork
  bool is_fork_of_version = false;
  bool has_begun = false;
  std::uint64_t cpu_nanos = 0;
  std::function<void(sandbox::Exit)> on_exit;
  std::function<void(int status)> leave;

 protected:
  static constexpr int kExit1 = 1 << 8;  // as waitpid(2) gives it

  virtual void connect(sandbox::Booted& ends) = 0;
  virtual boost::asio::awaitable<void> live() = 0;
  virtual void disconnect() = 0;

  boost::asio::awaitable<bool> pass(Micros time);          // false: it has died meanwhile
  boost::asio::awaitable<bool> init(Behaviour behaviour);  // false: it has died, or hangs until it is killed
  Micros time_of_run();                                    // of a call
  boost::asio::awaitable<bool> run(Micros time);           // a call; false: it has died
  void print();                                            // at times
  void enter(State next);
  void use(Micros time) { cpu_nanos += static_cast<std::uint64_t>(time.count()) * 700; }
  static std::string error_object(const std::string& id) { return R"({"errorType":"Sim.Error","errorMessage":")" + id + "\"}"; }

  const boost::asio::any_io_executor loop_;
  const FunctionPlan* const plan_;
  const Clock& clock_;
  Ledger& ledger_;
  const Fault fault_;

 private:
  invoke::Signal death_;
  UniqueFd log_;
};

}  // namespace wick::sim
