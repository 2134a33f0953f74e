#include "invoke/start_gate.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "invoke/pool.h"

namespace wick::invoke {
namespace {

class StartGateTest : public testing::Test {
 protected:
  StartGate::Ticket& wait_for(const char* function) {
    tickets.push_back(std::make_unique<StartGate::Ticket>(gate, function::FunctionName(function), pool));
    return *tickets.back();
  }

  boost::asio::io_context loop;
  Contention contention{Clock::system(), [] { return std::chrono::nanoseconds(0); }};
  Pool pool{loop.get_executor(), Clock::system(), 2, contention, std::make_shared<function::Version>()};
  StartGate gate{loop.get_executor(), 2};
  std::vector<std::unique_ptr<StartGate::Ticket>> tickets;
};

TEST_F(StartGateTest, LetsInUpToTheLimit) {
  auto first = gate.try_enter();
  auto second = gate.try_enter();
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(gate.try_enter());
  first.reset();
  EXPECT_TRUE(gate.try_enter());
}

TEST_F(StartGateTest, NobodysTurnComesWhileHeld) {
  gate.hold(true);
  EXPECT_FALSE(gate.try_enter());
  auto& ticket = wait_for("f");
  EXPECT_FALSE(ticket.turn());
  gate.hold(false);
  EXPECT_TRUE(ticket.turn());
}

TEST_F(StartGateTest, TurnsGoRoundTheFunctions) {
  std::vector<StartGate::Turn> turns;
  turns.push_back(*gate.try_enter());
  turns.push_back(*gate.try_enter());
  for (int i = 0; i < 3; ++i) wait_for("noisy");
  wait_for("quiet");

  std::string order;
  while (order.size() < 4) {
    turns.erase(turns.begin());
    for (std::size_t i = 0; i < tickets.size(); ++i) {
      if (auto turn = tickets[i]->turn()) {
        order += i < 3 ? 'n' : 'q';
        turns.push_back(std::move(*turn));
      }
    }
  }
  EXPECT_EQ(order, "nqnn");
}

TEST_F(StartGateTest, EachIdleInstanceWakesATicketOfItsPool) {
  auto first = gate.try_enter();
  auto second = gate.try_enter();
  Pool other{loop.get_executor(), Clock::system(), 2, contention, std::make_shared<function::Version>()};
  int awake = 0;
  for (int i = 0; i < 3; ++i) {
    boost::asio::co_spawn(loop, wait_for("").wait(Signal::Time::max()), [&](const std::exception_ptr&) { ++awake; });
  }
  loop.poll();
  gate.instance_is_idle(other);
  loop.poll();
  EXPECT_EQ(awake, 0);
  for (int i = 0; i < 2; ++i) gate.instance_is_idle(pool);
  loop.poll();
  EXPECT_EQ(awake, 2);
  gate.wake_all();
  loop.poll();
  EXPECT_EQ(awake, 3);
}

TEST_F(StartGateTest, ATicketThatGoesGivesItsPlaceOrTurnOn) {
  auto first = gate.try_enter();
  auto second = gate.try_enter();
  wait_for("a");
  wait_for("b");
  wait_for("c");
  tickets.erase(tickets.begin());  // waiting
  first.reset();                   // b's turn
  tickets.erase(tickets.begin());  // with a turn it never took
  EXPECT_TRUE(tickets[0]->turn());
  tickets.clear();
  second.reset();
  EXPECT_TRUE(gate.try_enter());
}

}  // namespace
}  // namespace wick::invoke
