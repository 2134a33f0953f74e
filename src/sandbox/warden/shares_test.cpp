#include "sandbox/warden/shares.h"

#include <gtest/gtest.h>

namespace wick::sandbox::warden {
namespace {

class SharesTest : public testing::Test {
 protected:
  // The name of the share that the next instance of that name gets, in a slot; empty for none.
  std::string begin(std::string_view name, std::size_t slot) {
    const auto share = shares_.of(name, [this]() -> Result<CgroupSharePtr> {
      if (fails_) return fail(Errc::io, "no share");
      return std::make_shared<CgroupShare>(std::vector<int>{}, std::to_string(++made_));
    });
    if (!share) return share.error().message;
    shares_.add(name, slot);
    return *share ? (*share)->name() : "";
  }

  Shares shares_;
  int made_ = 0;
  bool fails_ = false;
};

TEST_F(SharesTest, TheFirstStandsAloneAndTheOthersTogether) {
  EXPECT_EQ(begin("a", 0), "");
  EXPECT_EQ(begin("b", 1), "");
  EXPECT_EQ(begin("a", 2), "1");
  EXPECT_EQ(begin("a", 3), "1");
  EXPECT_EQ(begin("b", 4), "2");
  EXPECT_EQ(begin("", 5), "");
  EXPECT_EQ(begin("", 6), "");
}

TEST_F(SharesTest, AShareIsForgottenWithItsLastInstance) {
  begin("a", 0);
  begin("a", 1);
  shares_.remove(0);
  EXPECT_EQ(begin("a", 2), "1");  // one of them is there still
  shares_.remove(1);
  shares_.remove(2);
  shares_.remove(7);
  EXPECT_EQ(begin("a", 1), "");
  EXPECT_EQ(begin("a", 2), "2");
}

TEST_F(SharesTest, AShareThatCannotBeMadeIsTriedAgain) {
  begin("a", 0);
  fails_ = true;
  EXPECT_EQ(begin("a", 1), "no share");
  fails_ = false;
  EXPECT_EQ(begin("a", 1), "1");
}

}  // namespace
}  // namespace wick::sandbox::warden
