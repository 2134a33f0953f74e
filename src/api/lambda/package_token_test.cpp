#include "api/lambda/package_token.h"

#include <gtest/gtest.h>

namespace wick::api::lambda {
namespace {

const std::string hash(64, 'a');

TEST(PackageToken, HoldsForItsContentAndTime) {
  const auto token = make_package_token("secret", hash, 1000);
  EXPECT_TRUE(check_package_token("secret", hash, token, 1000));
  EXPECT_FALSE(check_package_token("secret", hash, token, 1001));
  EXPECT_FALSE(check_package_token("other", hash, token, 1000));
  EXPECT_FALSE(check_package_token("secret", std::string(64, 'b'), token, 1000));
}

TEST(PackageToken, ForgedOrBrokenOnesAreRefused) {
  const auto token = make_package_token("secret", hash, 1000);
  for (const auto& bad : {std::string(), std::string("1000"), std::string("1000-"), std::string("x-y"), "9" + token, token + "0",
                          token.substr(0, token.size() - 1), "99999999999999999999999" + token.substr(4)}) {
    EXPECT_FALSE(check_package_token("secret", hash, bad, 0)) << bad;
  }
}

}  // namespace
}  // namespace wick::api::lambda
