#include "gateway/browser_guard.h"

#include <gmock/gmock.h>

namespace wick::gateway {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

std::optional<std::string> refusal(const Headers& headers) {
  http::Request request;
  for (const auto& [name, value] : headers) request.fields.add(name, value);
  return browser_refusal(request);
}

TEST(BrowserGuard, ProgramsPass) {
  for (const char* host : {"127.0.0.1:4566", "localhost:4566", "LOCALHOST", "[::1]:4566", "127.1.2.3", "x.localhost:1"}) {
    EXPECT_EQ(refusal({{"Host", host}}), std::nullopt) << host;
  }
  EXPECT_EQ(refusal({}), std::nullopt);
}

TEST(BrowserGuard, RebindingNamesAreRefused) {
  for (const char* host : {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evillocalhost", "192.0.2.1", "0.0.0.0:4566", ""}) {
    const auto found = refusal({{"Host", host}});
    ASSERT_TRUE(found) << host;
    EXPECT_THAT(*found, testing::HasSubstr("--access-key"));
  }
}

TEST(BrowserGuard, PagesOfOtherSitesAreRefused) {
  const std::pair<std::string, std::string> host{"Host", "127.0.0.1:4566"};
  for (const char* origin : {"https://evil.example", "null", "", "http://localhost.evil.example", "http://localhost@evil.example", "file://"}) {
    EXPECT_TRUE(refusal({host, {"Origin", origin}})) << origin;
  }
  EXPECT_TRUE(refusal({host, {"Sec-Fetch-Site", "cross-site"}}));
}

TEST(BrowserGuard, LoopbackPagesPass) {
  const std::pair<std::string, std::string> host{"Host", "127.0.0.1:4566"};
  for (const char* origin : {"http://localhost:3000", "http://127.0.0.1:4566", "http://[::1]:5173"}) {
    EXPECT_EQ(refusal({host, {"Origin", origin}, {"Sec-Fetch-Site", "cross-site"}}), std::nullopt) << origin;
  }
  EXPECT_EQ(refusal({host, {"Sec-Fetch-Site", "none"}}), std::nullopt);
}

}  // namespace
}  // namespace wick::gateway
