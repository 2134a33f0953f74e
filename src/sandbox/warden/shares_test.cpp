#include "sandbox/warden/shares.h"

#include <gtest/gtest.h>

namespace wick::sandbox::warden {
namespace {

class SharesTest : public testing::Test {
 protected:
  // The name of the group for the next instance of that name, which is added to it; empty for none, when it is added alone.
  std::string boot(std::string_view name, std::size_t slot) {
    const auto share = shares_.find(name, [this]() -> Result<CgroupSharePtr> {
      if (fails_) return fail(Errc::io, "no group");
      return std::make_shared<CgroupShare>(std::vector<int>{}, std::to_string(++made_));
    });
    if (!share) return share.error().message;
    if (!*share) {
      add_alone(name, slot);
      return "";
    }
    shares_.add_to_group(name, slot);
    return (*share)->name();
  }
  void add_alone(std::string_view name, std::size_t slot) { shares_.add_alone(name, slot, weigh_); }
  void remove(std::size_t slot) {
    shares_.remove(slot, weigh_);
    weights_.erase(slot);
  }

  Shares shares_;
  std::map<std::size_t, double> weights_;  // of those that have been told, by slot
  int told_ = 0;
  Shares::Weigh weigh_ = [this](std::size_t slot, unsigned halvings) {
    ++told_;
    weights_[slot] = 1.0 / static_cast<double>(1U << halvings);
  };
  int made_ = 0;
  bool fails_ = false;
};

TEST_F(SharesTest, TheFirstStandsAloneAndTheOthersTogether) {
  EXPECT_EQ(boot("a", 0), "");
  EXPECT_EQ(boot("b", 1), "");
  EXPECT_EQ(boot("a", 2), "1");
  EXPECT_EQ(boot("a", 3), "1");
  EXPECT_EQ(boot("b", 4), "2");
  EXPECT_EQ(boot("", 5), "");
  EXPECT_EQ(boot("", 6), "");
  EXPECT_EQ(told_, 0);
}

TEST_F(SharesTest, AGroupIsForgottenWithTheLastInstance) {
  boot("a", 0);
  boot("a", 1);
  remove(0);
  EXPECT_EQ(boot("a", 2), "1");  // one of them is there still
  remove(1);
  remove(2);
  remove(7);
  EXPECT_EQ(boot("a", 1), "");
  EXPECT_EQ(boot("a", 2), "2");
}

TEST_F(SharesTest, AGroupThatCannotBeMadeIsTriedAgain) {
  boot("a", 0);
  fails_ = true;
  EXPECT_EQ(boot("a", 1), "no group");
  fails_ = false;
  EXPECT_EQ(boot("a", 1), "1");
}

TEST_F(SharesTest, ThoseThatStandAloneComeToAboutOne) {
  for (std::size_t slot = 0; slot < 1000; ++slot) {
    add_alone("a", slot);
    double sum = 0;
    for (std::size_t each = 0; each <= slot; ++each) sum += weights_.contains(each) ? weights_[each] : 1;
    EXPECT_GE(sum, 1) << slot;
    EXPECT_LT(sum, 2) << slot;
  }
  EXPECT_LT(told_, 3000);
  told_ = 0;
  for (std::size_t slot = 999; slot > 0; --slot) {
    remove(slot);
    double sum = 0;
    for (const auto& [each, weight] : weights_) sum += weight;
    EXPECT_GT(sum, 0.2) << slot;
    EXPECT_LE(sum, 2) << slot;
  }
  EXPECT_LT(told_, 3000);
}

TEST_F(SharesTest, ANumberThatGoesUpAndDownMeansLittleWork) {
  for (std::size_t slot = 0; slot < 64; ++slot) add_alone("a", slot);
  told_ = 0;
  for (int i = 0; i < 100; ++i) {
    remove(63);
    add_alone("a", 63);
  }
  EXPECT_EQ(told_, 100);
}

}  // namespace
}  // namespace wick::sandbox::warden
