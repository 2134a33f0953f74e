#include "api/function_url/cors.h"

#include <gtest/gtest.h>

namespace wick::api::function_url {
namespace {

http::Request preflight(std::string origin, std::string method) {
  http::Request request;
  request.method = "OPTIONS";
  request.fields.add("Origin", std::move(origin));
  request.fields.add("Access-Control-Request-Method", std::move(method));
  return request;
}

function::Cors cors() {
  return {.allow_headers = {"x-a"},
          .allow_methods = {"GET", "PUT"},
          .allow_origins = {"https://*.example.com", "https://a.test"},
          .expose_headers = {"x-b"},
          .max_age_s = 60};
}

TEST(Cors, APreflightIsAnsweredHere) {
  const auto response = answer_preflight(cors(), preflight("https://www.example.com", "PUT"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->fields.get("Access-Control-Allow-Origin"), "https://www.example.com");
  EXPECT_EQ(response->fields.get("Access-Control-Allow-Methods"), "GET,PUT");
  EXPECT_EQ(response->fields.get("Access-Control-Allow-Headers"), "x-a");
  EXPECT_EQ(response->fields.get("Access-Control-Max-Age"), "60");
  EXPECT_EQ(response->fields.get("Vary"), "Origin");
}

TEST(Cors, AStrangerGetsNoPermission) {
  for (const char* origin : {"https://example.org", "https://evilexample.com", "https://a.test.evil"}) {
    const auto response = answer_preflight(cors(), preflight(origin, "GET"));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->fields.find("Access-Control-Allow-Origin"), nullptr) << origin;
  }
  EXPECT_EQ(answer_preflight(cors(), preflight("https://a.test", "DELETE"))->fields.find("Access-Control-Allow-Origin"), nullptr);
}

TEST(Cors, AnOptionsRequestThatIsNoPreflightIsTheFunctions) {
  http::Request request;
  request.method = "OPTIONS";
  EXPECT_FALSE(answer_preflight(cors(), request));
}

TEST(Cors, WhatIsConfiguredReplacesWhatTheFunctionSays) {
  http::Response response;
  response.fields.add("access-control-allow-origin", "https://other");
  apply_cors(cors(), "https://a.test", response);
  EXPECT_EQ(response.fields.get("Access-Control-Allow-Origin"), "https://a.test");
  EXPECT_EQ(response.fields.get("Access-Control-Expose-Headers"), "x-b");
}

TEST(Cors, AnyOriginIsAStarUnlessCredentialsMayCome) {
  auto any = cors();
  any.allow_origins = {"*"};
  http::Response response;
  apply_cors(any, "https://x", response);
  EXPECT_EQ(response.fields.get("Access-Control-Allow-Origin"), "*");
  any.allow_credentials = true;
  apply_cors(any, "https://x", response);
  EXPECT_EQ(response.fields.get("Access-Control-Allow-Origin"), "https://x");
}

}  // namespace
}  // namespace wick::api::function_url
