#include "api/function_url/reply.h"

#include <gtest/gtest.h>

namespace wick::api::function_url {
namespace {

std::string header(const http::Response& response, std::string_view name) { return std::string(response.fields.get(name)); }

TEST(Reply, WhateverHasNoStatusCodeIsTheBody) {
  struct Case {
    const char* result;
    const char* body;
  };
  for (const auto& [result, body] : {Case{"true", "true"}, Case{"3.1", "3.1"}, Case{"\"hello\"", "hello"}, Case{"null", "null"},
                                     Case{R"(["hello",3,true])", R"(["hello",3,true])"}, Case{R"({"hello": "world"})", R"({"hello": "world"})"}}) {
    const auto response = reply_of(result);
    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(response.body, body);
    EXPECT_EQ(header(response, "Content-Type"), "application/json");
  }
}

TEST(Reply, StatusHeadersCookiesAndBody) {
  const auto response = reply_of(R"({"statusCode": 201, "headers": {"content-type": "text/html", "X-N": 5, "X-B": true, "Content-Length": 99},
                                     "cookies": ["a=1", "b=2; Secure"], "body": "<p>"})");
  EXPECT_EQ(response.status, 201U);
  EXPECT_EQ(response.body, "<p>");
  EXPECT_EQ(header(response, "Content-Type"), "text/html");
  EXPECT_EQ(header(response, "x-n"), "5");
  EXPECT_EQ(header(response, "x-b"), "true");
  EXPECT_EQ(response.fields.find("Content-Length"), nullptr);
  int cookies = 0;
  for (const auto& [name, value] : response.fields.all()) cookies += name == "Set-Cookie" ? 1 : 0;
  EXPECT_EQ(cookies, 2);
}

TEST(Reply, Base64Bodies) {
  EXPECT_EQ(reply_of(R"({"statusCode": 200, "body": "aGk=", "isBase64Encoded": true})").body, "hi");
  EXPECT_EQ(reply_of(R"({"statusCode": 200, "body": "not base64", "isBase64Encoded": true})").status, 502U);
}

TEST(Reply, WhatCannotBeAResponseIs502) {
  for (const char* result : {R"({"statusCode": 42})", R"({"statusCode": "abc"})", R"({"statusCode": 200, "headers": {"a b": "c"}})",
                             R"({"statusCode": 200, "headers": {"a": "c\r\nSet-Cookie: x"}})", R"({"statusCode": 200, "cookies": ["a\nb"]})"}) {
    const auto response = reply_of(result);
    EXPECT_EQ(response.status, 502U) << result;
    EXPECT_EQ(response.body, "Internal Server Error");
  }
}

TEST(Reply, Preludes) {
  const auto response = reply_of_prelude(R"({"statusCode": 202, "headers": {"a": "b"}, "cookies": ["c=d"]})");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 202U);
  EXPECT_EQ(header(*response, "a"), "b");
  EXPECT_EQ(header(*response, "Content-Type"), "application/octet-stream");
  EXPECT_FALSE(reply_of_prelude("hello"));
  EXPECT_FALSE(reply_of_prelude(R"({"statusCode": 9})"));
}

}  // namespace
}  // namespace wick::api::function_url
