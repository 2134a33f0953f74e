#include "gateway/body_limit.h"

#include <gtest/gtest.h>

namespace wick::gateway {
namespace {

constexpr std::size_t kMiB = 1024 * 1024;

std::size_t limit(const std::string& method, const std::string& path, const std::string& host = "127.0.0.1:4566") {
  http::Request head;
  head.method = method;
  head.path = head.target = path;
  head.fields.add("Host", host);
  return body_limit(head);
}

TEST(BodyLimit, LetsTheServicesAnswerWhatIsALittleTooLarge) {
  for (const char* path : {"/2015-03-31/functions/fn/invocations", "/2015-03-31/functions/arn%3Aaws%3Alambda/invocations",
                           "/2021-11-15/functions/fn/response-streaming-invocations"}) {
    EXPECT_GT(limit("POST", path), 6'291'456u + kMiB) << path;
    EXPECT_LE(limit("POST", path), 8 * kMiB) << path;
  }
  EXPECT_EQ(limit("POST", "/anything", "abc.lambda-url.localhost"), 8 * kMiB);
  EXPECT_EQ(limit("PUT", "/_wick/url/abc/2015-03-31/functions"), 8 * kMiB);
  for (const auto& [method, path] : {std::pair{"POST", "/2015-03-31/functions"},
                                     {"POST", "/2015-03-31/functions/"},
                                     {"PUT", "/2015-03-31/functions/fn/code"},
                                     {"POST", "/2018-10-31/layers/l/versions"}}) {
    EXPECT_GT(limit(method, path), 70'167'211u + kMiB) << path;
  }
}

TEST(BodyLimit, EverythingElseIsSmall) {
  for (const char* path : {"/2015-03-31/functions/fn/policy", "/2015-03-31/functions/fn/configuration", "/2015-03-31/functions/fn/code/more",
                           "/_wick/v1/runtimes/add", "/_wick/v1/2015-03-31/functions", "/nothing", "/2015-03-31/functions/a/b/invocations"}) {
    EXPECT_EQ(limit("POST", path), kMiB) << path;
  }
  EXPECT_EQ(limit("GET", "/2015-03-31/functions"), kMiB);
}

}  // namespace
}  // namespace wick::gateway
