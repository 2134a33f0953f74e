#include "service/usage/prices.h"

#include <gmock/gmock.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace wick::service::usage {
namespace {

using testing::HasSubstr;

struct PricesTest : testing::Test {
  ~PricesTest() override { std::filesystem::remove(file); }
  Result<Prices> load(const std::string& text) {
    std::ofstream(file) << text;
    return load_prices(file);
  }
  std::string file = testing::TempDir() + "wick_prices_" + std::to_string(::getpid()) + ".toml";
};

TEST_F(PricesTest, TheDefaultIsAwssPublicList) {
  const auto prices = load_prices(file).value();
  EXPECT_EQ(prices.currency, "USD");
  // AWS's own example: 3 million calls of 120 ms with 1536 MB, without the free tier: 9.00 + 0.60 USD.
  const Totals totals{.calls = 3'000'000, .mb_ms = std::uint64_t{3'000'000} * 120 * 1536};
  EXPECT_NEAR(prices.cost(totals), 9.60, 0.0001);
  // 10 GB-hours of provisioned concurrency, and one GB-hour of work on it; 1 GB-hour of /tmp.
  EXPECT_NEAR(prices.cost({.on_provisioned_mb_ms = 3'600'000 * 1024ULL}), 0.03499992, 1e-9);
  EXPECT_NEAR(prices.cost({.provisioned_mb_ms = 36'000'000 * 1024ULL}), 0.1500012, 1e-9);
  EXPECT_NEAR(prices.cost({.storage_mb_ms = 3'600'000 * 1024ULL}), 0.00011124, 1e-9);
  EXPECT_EQ(prices.cost({.errors = 5, .throttles = 1'000'000}), 0);
}

TEST_F(PricesTest, AFileChangesWhatItNames) {
  const auto prices = load("currency = \"EUR\"\nas-of = \"now\"\nmillion-requests = 1\ngb-second = 0.5\nstorage-gb-second = 0\n").value();
  EXPECT_EQ(prices.currency, "EUR");
  EXPECT_EQ(prices.as_of, "now");
  EXPECT_DOUBLE_EQ(prices.cost({.calls = 1'000'000, .mb_ms = 1'024'000, .storage_mb_ms = 1'024'000}), 1.5);
  EXPECT_EQ(prices.provisioned_gb_second, Prices().provisioned_gb_second);
}

TEST_F(PricesTest, ABadFileIsNamedWithItsLine) {
  EXPECT_THAT(load("currency = \"EUR\"\ngb-secnd = 1\n").error().message, HasSubstr("line 2: there is no price 'gb-secnd'"));
  EXPECT_THAT(load("gb-second = -1\n").error().message, HasSubstr(file + ": line 1: gb-second must be a number, 0 or more"));
  EXPECT_THAT(load("gb-second = nan\n").error().message, HasSubstr("must be a number"));
  EXPECT_THAT(load("gb-second = \"1\"\n").error().message, HasSubstr("must be a number"));
  EXPECT_THAT(load("currency = 1\n").error().message, HasSubstr("must be a text in quotes"));
  EXPECT_THAT(load("\n\ngb-second = \n").error().message, HasSubstr("line 3"));
  EXPECT_EQ(load("=").error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace wick::service::usage
