#include "invoke/start_gate.h"

#include <algorithm>

#include "invoke/pool.h"

namespace wick::invoke {

std::optional<StartGate::Turn> StartGate::try_enter() {
  if (!open()) return std::nullopt;
  ++starting_;
  return Turn(*this);
}

StartGate::Ticket::Ticket(StartGate& gate, function::FunctionName name, const Pool& pool)
    : gate_(gate), name_(std::move(name)), pool_(pool), signal_(gate.loop_) {
  std::deque<Ticket*>& queue = gate_.queues_[name_];
  if (queue.empty()) gate_.order_.push_back(name_);
  queue.push_back(this);
}

StartGate::Ticket::~Ticket() {
  if (granted_) {
    gate_.give_back();
  } else {
    gate_.leave(*this);
  }
}

std::optional<StartGate::Turn> StartGate::Ticket::turn() {
  told_ = false;
  if (!std::exchange(granted_, false)) return std::nullopt;
  return Turn(gate_);
}

void StartGate::hold(bool held) {
  held_ = held;
  grant();
}

void StartGate::give_back() {
  --starting_;
  grant();
}

void StartGate::grant() {
  while (open() && !order_.empty()) {
    const function::FunctionName name = order_.front();
    Ticket& ticket = *queues_.at(name).front();
    leave(ticket);
    if (queues_.contains(name)) std::ranges::rotate(order_, order_.begin() + 1);
    ++starting_;
    ticket.granted_ = true;
    ticket.signal_.notify();
  }
}

// Also of a ticket that has left already.
void StartGate::leave(Ticket& ticket) {
  const auto queue = queues_.find(ticket.name_);
  if (queue == queues_.end()) return;
  std::erase(queue->second, &ticket);
  if (!queue->second.empty()) return;
  std::erase(order_, ticket.name_);
  queues_.erase(queue);
}

bool StartGate::instance_is_idle(const Pool& pool) {
  const auto queue = queues_.find(pool.version()->name);
  if (queue == queues_.end()) return false;
  const auto found = std::ranges::find_if(queue->second, [&](const Ticket* ticket) { return &ticket->pool_ == &pool && !ticket->told_; });
  if (found == queue->second.end()) return false;
  (*found)->told_ = true;
  (*found)->signal_.notify();
  return true;
}

void StartGate::wake_all() {
  for (const auto& [name, queue] : queues_) {
    for (Ticket* ticket : queue) ticket->signal_.notify();
  }
}

}  // namespace wick::invoke
