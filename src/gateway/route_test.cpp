#include "gateway/route.h"

#include <gtest/gtest.h>

namespace wick::gateway {
namespace {

Route route(const std::string& host, const std::string& path) {
  http::Request request;
  request.fields.add("Host", host);
  request.path = path;
  return route_of(request);
}

TEST(Route, FunctionUrlsByHost) {
  for (const char* host :
       {"abc123.lambda-url.localhost:4566", "ABC123.lambda-url.us-east-1.localhost", "abc123.Lambda-Url.eu-west-1.example.com:80"}) {
    const Route found = route(host, "/2015-03-31/functions");
    EXPECT_EQ(found.service, Service::function_url) << host;
    EXPECT_EQ(found.url_id, "abc123");
    EXPECT_EQ(found.prefix, 0u);
  }
  EXPECT_EQ(route(".lambda-url.localhost", "/").service, Service::none);
  EXPECT_EQ(route("lambda-url.localhost", "/").service, Service::none);
}

TEST(Route, FunctionUrlsByPath) {
  const Route found = route("127.0.0.1:4566", "/_wick/url/abc/x/y");
  EXPECT_EQ(found.service, Service::function_url);
  EXPECT_EQ(found.url_id, "abc");
  EXPECT_EQ(std::string("/_wick/url/abc/x/y").substr(found.prefix), "/x/y");
  EXPECT_EQ(route("h", "/_wick/url/abc").prefix, std::string("/_wick/url/abc").size());
}

TEST(Route, Apis) {
  EXPECT_EQ(route("127.0.0.1:4566", "/_wick/v1/status").service, Service::wick);
  EXPECT_EQ(route("127.0.0.1:4566", "/2015-03-31/functions/").service, Service::lambda);
  EXPECT_EQ(route("127.0.0.1:4566", "/2021-10-31/functions/f/url").service, Service::lambda);
  for (const char* path : {"", "/", "/2015-03-31", "/2015-3-31/functions", "/functions", "/wick/v1"}) {
    EXPECT_EQ(route("127.0.0.1", path).service, Service::none) << path;
  }
}

TEST(Route, HostNames) {
  EXPECT_EQ(host_name("LocalHost:4566"), "localhost");
  EXPECT_EQ(host_name("[::1]:4566"), "::1");
  EXPECT_EQ(host_name("[::1"), "::1");
  EXPECT_EQ(host_name(""), "");
}

}  // namespace
}  // namespace wick::gateway
