#include "api/function_url/event.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace wick::api::function_url {
namespace {

namespace json = boost::json;

http::Request request(std::string method, std::string path, std::string query) {
  http::Request out;
  out.method = std::move(method);
  out.path = std::move(path);
  out.query = std::move(query);
  out.peer_address = "127.0.0.1";
  out.fields.add("Host", "abc.lambda-url.localhost:4566");
  return out;
}

json::object event_of(const http::Request& from) {
  return json::parse(make_event(from, {"abc", "the-id", "Root=1", WallTime{std::chrono::milliseconds(1767323045678)}})).as_object();
}

TEST(Event, APlainGet) {
  const auto event = event_of(request("GET", "/a%20b", ""));
  EXPECT_EQ(event.at("version"), "2.0");
  EXPECT_EQ(event.at("rawPath"), "/a%20b");
  EXPECT_EQ(event.at("rawQueryString"), "");
  EXPECT_FALSE(event.contains("body"));
  EXPECT_FALSE(event.contains("cookies"));
  EXPECT_FALSE(event.contains("queryStringParameters"));
  EXPECT_EQ(event.at("isBase64Encoded"), false);
  const auto& context = event.at("requestContext").as_object();
  EXPECT_EQ(context.at("apiId"), "abc");
  EXPECT_EQ(context.at("domainName"), "abc.lambda-url.localhost");
  EXPECT_EQ(context.at("requestId"), "the-id");
  EXPECT_EQ(context.at("time"), "02/Jan/2026:03:04:05 +0000");
  EXPECT_EQ(context.at("timeEpoch"), 1767323045678);
  EXPECT_EQ(context.at("http").at("sourceIp"), "127.0.0.1");
  EXPECT_EQ(event.at("headers").at("x-forwarded-port"), "4566");
}

TEST(Event, TellsWhoSigned) {
  const auto event = json::parse(make_event(request("GET", "/", ""), {"abc", "the-id", "Root=1", WallTime{}, "000000000000", "AKIA"})).as_object();
  const auto& context = event.at("requestContext").as_object();
  EXPECT_EQ(context.at("accountId"), "000000000000");
  EXPECT_EQ(context.at("authorizer").at("iam").at("accessKey"), "AKIA");
  EXPECT_EQ(context.at("authorizer").at("iam").at("userArn"), "arn:aws:iam::000000000000:root");
  EXPECT_EQ(event_of(request("GET", "/", "")).at("requestContext").at("accountId"), "anonymous");
}

TEST(Event, RepeatedHeadersAndParametersAreJoined) {
  auto from = request("GET", "/", "q=query&multi=foo&multi=%2Fbar&empty");
  from.fields.add("X-Multi", "a");
  from.fields.add("x-multi", "b");
  from.fields.add("Cookie", "one=1; two=2");
  const auto event = event_of(from);
  EXPECT_EQ(event.at("queryStringParameters").at("multi"), "foo,/bar");
  EXPECT_EQ(event.at("queryStringParameters").at("empty"), "");
  EXPECT_EQ(event.at("headers").at("x-multi"), "a,b");
  EXPECT_EQ(event.at("cookies"), (json::array{"one=1", "two=2"}));
}

TEST(Event, IsJsonWhateverBytesTheClientSends) {
  auto from = request("GET", "/\xff", "x=%ff&\xfe");
  from.fields.add("X-A", "\xff");
  from.fields.add("User-Agent", "\xff");
  from.fields.add("Cookie", "a=\xff");
  EXPECT_EQ(event_of(from).at("queryStringParameters").at("x"), "\ufffd");
  const auto signed_event = json::parse(make_event(from, {"abc", "the-id", "Root=1", WallTime{}, "000000000000", "\xff"}));
  EXPECT_EQ(signed_event.at("requestContext").at("authorizer").at("iam").at("accessKey"), "\ufffd");
}

TEST(Event, BodiesAreTextOrBase64ByTheirType) {
  const auto body_of = [](const char* type, std::string body) {
    auto from = request("POST", "/", "");
    if (*type != '\0') from.fields.add("Content-Type", type);
    from.body = std::move(body);
    const auto event = event_of(from);
    return std::pair(std::string(event.at("body").as_string()), event.at("isBase64Encoded").as_bool());
  };
  EXPECT_EQ(body_of("application/json", "{}"), std::pair(std::string("{}"), false));
  EXPECT_EQ(body_of("text/plain; charset=utf-8", "ü"), std::pair(std::string("ü"), false));
  EXPECT_EQ(body_of("application/vnd.api+json", "1"), std::pair(std::string("MQ=="), true));
  EXPECT_EQ(body_of("application/x-www-form-urlencoded", "a=b"), std::pair(std::string("YT1i"), true));
  EXPECT_EQ(body_of("", "abc"), std::pair(std::string("YWJj"), true));
  EXPECT_EQ(body_of("text/plain", "\xff\xfe"), std::pair(std::string("//4="), true));
}

}  // namespace
}  // namespace wick::api::function_url
