#pragma once
// How many instances may be starting (boot and init) at once. A start needs a processor: many more of them than processors only make
// each slower, until all are over their deadlines. Calls that wait get their turns function by function, so that a burst of one holds
// up no other.
//
// Threads: the engine's loop. The gate outlives its turns and tickets.
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "function/version.h"
#include "invoke/signal.h"

namespace wick::invoke {

class Pool;

class StartGate {
 public:
  StartGate(boost::asio::any_io_executor loop, std::uint32_t limit) : loop_(std::move(loop)), limit_(limit) {}

  // The right to start one instance, given back when it goes: when the instance is ready, or has failed.
  class Turn {
   public:
    explicit Turn(StartGate& gate) : gate_(&gate) {}
    Turn(Turn&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Turn& operator=(Turn&& other) noexcept {
      std::swap(gate_, other.gate_);
      return *this;
    }
    ~Turn() {
      if (gate_) gate_->give_back();
    }

   private:
    StartGate* gate_;
  };

  // At once, or not.
  std::optional<Turn> try_enter();

  // While held, nobody's turn comes.
  void hold(bool held);
  bool held() const { return held_; }

  // A place in the queue, for as long as it lives.
  class Ticket {
   public:
    Ticket(StartGate& gate, function::FunctionName name, const Pool& pool);
    ~Ticket();
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    std::optional<Turn> turn();  // once it has come
    // Until the turn has come, an instance of the pool is idle, wake_all(), or the time given.
    boost::asio::awaitable<void> wait(Signal::Time until) { return signal_.wait(until); }

   private:
    friend class StartGate;
    StartGate& gate_;
    const function::FunctionName name_;
    const Pool& pool_;
    Signal signal_;
    bool granted_ = false;
    bool told_ = false;  // that an instance is idle
  };

  // Wakes the ticket that has waited longest for one of this pool, and is not awake for another; false: there is none.
  bool instance_is_idle(const Pool& pool);
  void wake_all();

 private:
  void give_back();
  bool open() const { return !held_ && starting_ < limit_; }
  void grant();
  void leave(Ticket& ticket);

  const boost::asio::any_io_executor loop_;
  const std::uint32_t limit_;
  std::uint32_t starting_ = 0;
  bool held_ = false;
  std::deque<function::FunctionName> order_;  // functions with a queue, next turn first
  std::unordered_map<function::FunctionName, std::deque<Ticket*>> queues_;
};

}  // namespace wick::invoke
