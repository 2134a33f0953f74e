#include "invoke/admission.h"

#include <gtest/gtest.h>

#include <deque>

#include "invoke/engine.h"

namespace wick::invoke {
namespace {

using Kind = Admission::Kind;

struct AdmissionTest : testing::Test {
  // "" when admitted, and kept; else the reason.
  std::string admit(const function::FunctionName& name, Kind kind = Kind::on_demand) {
    auto slot = admission.admit(name, kind);
    if (!slot) return slot.error().message;
    slots.push_back(std::move(*slot));
    return {};
  }
  const function::FunctionName f{"f"}, g{"g"};
  Admission admission{4};
  std::deque<Admission::Slot> slots;
};

TEST_F(AdmissionTest, AccountsPool) {
  for (int i = 0; i < 2; ++i) EXPECT_EQ(admit(f) + admit(g), "");
  EXPECT_EQ(admit(f), kAccountLimit);
  slots.pop_back();
  EXPECT_EQ(admit(f), "");
  slots.clear();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(admit(g), "");
}

TEST_F(AdmissionTest, ReservedIsTakenOutOfTheAccountsAndGuaranteed) {
  admission.set_reserved(f, 3);
  EXPECT_EQ(admit(g), "");
  EXPECT_EQ(admit(g), kAccountLimit);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(admit(f), "");
  EXPECT_EQ(admit(f), kReservedLimit);
  slots.clear();
  EXPECT_EQ(admit(g), "");
  EXPECT_EQ(admit(g), kAccountLimit);
  admission.set_reserved(f, std::nullopt);
  EXPECT_EQ(admit(g), "");
}

TEST_F(AdmissionTest, ReservingCountsWhatRunsAlready) {
  for (int i = 0; i < 2; ++i) EXPECT_EQ(admit(f), "");
  admission.set_reserved(f, 2);
  EXPECT_EQ(admit(f), kReservedLimit);
  slots.clear();
  EXPECT_EQ(admit(f), "");
}

TEST_F(AdmissionTest, ProvisionedIsTakenOutOfTheReservedOrTheAccounts) {
  admission.add_provisioned(f, 3);
  EXPECT_EQ(admit(g), "");
  EXPECT_EQ(admit(g), kAccountLimit);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(admit(f, Kind::provisioned), "");
  slots.clear();
  admission.set_reserved(f, 3);
  EXPECT_EQ(admit(f), kReservedLimit);
  admission.add_provisioned(f, -1);
  EXPECT_EQ(admit(f), "");
  EXPECT_EQ(admit(f), kReservedLimit);
}

TEST_F(AdmissionTest, ProvisionedThatEndsDuringItsCallsLeavesThemCounted) {
  admission.set_reserved(f, 1);
  admission.add_provisioned(f, 1);
  EXPECT_EQ(admit(f, Kind::provisioned), "");
  admission.add_provisioned(f, -1);
  EXPECT_EQ(admit(f), kReservedLimit);
  slots.clear();
  EXPECT_EQ(admit(f), "");
}

TEST_F(AdmissionTest, AndInTheAccount) {
  admission.add_provisioned(f, 2);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(admit(f, Kind::provisioned), "");
  admission.add_provisioned(f, -2);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(admit(g), "");
  EXPECT_EQ(admit(g), kAccountLimit);
  EXPECT_EQ(admit(f), kAccountLimit);
  slots.clear();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(admit(g), "");
}

TEST_F(AdmissionTest, WhatIsProvisionedAfterwardsHasNoRoomBesideThem) {
  admission.set_reserved(f, 1);
  admission.add_provisioned(f, 1);
  EXPECT_EQ(admit(f, Kind::provisioned), "");
  admission.add_provisioned(f, -1);
  admission.add_provisioned(f, 1);  // another version's
  EXPECT_EQ(admit(f, Kind::provisioned), kReservedLimit);
  slots.clear();
  EXPECT_EQ(admit(f, Kind::provisioned), "");
}

TEST_F(AdmissionTest, AReservationThatGoesOrShrinksLeavesWhatRunsInTheAccount) {
  admission.set_reserved(f, 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(admit(f), "");
  admission.set_reserved(f, 1);
  EXPECT_EQ(admit(g), "");
  EXPECT_EQ(admit(g), kAccountLimit);
  admission.set_reserved(f, std::nullopt);
  EXPECT_EQ(admit(g), kAccountLimit);
  for (int i = 0; i < 3; ++i) slots.pop_front();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(admit(g), "");
}

TEST_F(AdmissionTest, ZeroReservedRefusesEverything) {
  admission.set_reserved(f, 0);
  EXPECT_EQ(admit(f), kReservedLimit);
  EXPECT_EQ(admit(f, Kind::provisioned), kReservedLimit);
}

}  // namespace
}  // namespace wick::invoke
