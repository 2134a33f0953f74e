#include "event/shares.h"

#include <gtest/gtest.h>

namespace wick::event {
namespace {

const function::FunctionName kF("f"), kG("g"), kH("h");

TEST(Shares, AFunctionLeavesWorkersFreeForOthers) {
  Shares shares({.workers = 8});
  const auto begin_all = [&](const function::FunctionName& function) {
    int begun = 0;
    for (; shares.may_run(function); ++begun) shares.begin(function);
    return begun;
  };
  EXPECT_EQ(begin_all(kF), 4);
  EXPECT_EQ(begin_all(kG), 2);
  EXPECT_EQ(begin_all(kH), 1);
  EXPECT_FALSE(shares.full());
  EXPECT_TRUE(shares.may_run(function::FunctionName("new")));
  shares.end(kF);
  EXPECT_FALSE(shares.may_run(kF)) << "three run, two are free";
  EXPECT_TRUE(shares.may_run(kH));
}

TEST(Shares, AFunctionLeavesRoomInTheBacklog) {
  Shares shares({.backlog_max = 4, .backlog_bytes_max = 1'000});
  for (int n = 0; n < 2; ++n) {
    EXPECT_TRUE(shares.may_keep(kF, 1));
    shares.keep(kF, 1);
  }
  EXPECT_FALSE(shares.may_keep(kF, 1));
  EXPECT_TRUE(shares.may_keep(kG, 998));
  EXPECT_FALSE(shares.may_keep(kG, 999));
  shares.keep(kG, 998);
  EXPECT_FALSE(shares.may_keep(kH, 1)) << "no bytes are left";
  shares.drop(kG, 998);
  EXPECT_TRUE(shares.may_keep(kH, 1));
  EXPECT_EQ(shares.kept(), 2u);
}

TEST(Shares, AFunctionLeavesBytesFree) {
  Shares shares({.backlog_bytes_max = 1'000});
  int kept = 0;
  for (; shares.may_keep(kF, 100); ++kept) shares.keep(kF, 100);
  EXPECT_EQ(kept, 5);
  EXPECT_TRUE(shares.may_keep(kG, 100));
}

TEST(Shares, KnowsWhetherALookIsWorthIt) {
  Shares shares({.workers = 4});
  EXPECT_FALSE(shares.anyone_may_run());
  for (int n = 0; n < 5; ++n) shares.keep(kF, 0);
  EXPECT_TRUE(shares.anyone_may_run());
  shares.begin(kF);
  shares.begin(kF);
  EXPECT_FALSE(shares.anyone_may_run());
  shares.keep(kG, 0);
  EXPECT_TRUE(shares.anyone_may_run());
  shares.begin(kG);
  EXPECT_FALSE(shares.anyone_may_run());
}

}  // namespace
}  // namespace wick::event
