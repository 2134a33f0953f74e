#include "gateway/gateway.h"

#include <stdexcept>

#include <gmock/gmock.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

namespace wick::gateway {
namespace {

using boost::asio::awaitable;
using testing::HasSubstr;

const http::Credential kOperator{"AKIAOPERATOR", "operator-secret"};
const http::Credential kFunction{"AKIAFUNCTION", "function-secret"};

class GatewayTest : public testing::Test {
 protected:
  Gateway make(std::optional<http::Credential> operator_key = std::nullopt) {
    Services services;
    services.lambda = [this](http::Request request) { return record("lambda", std::move(request)); };
    services.wick = [this](http::Request request) { return record("wick", std::move(request)); };
    services.function_url = [this](std::string url_id, http::Request request) { return record("url " + url_id, std::move(request)); };
    services.find_url = [this](const std::string& url_id) -> Result<function::UrlConfig> {
      if (url_id != "open" && url_id != "iam") return fail(Errc::not_found, "none");
      url_.auth = url_id == "open" ? function::UrlAuth::none : function::UrlAuth::aws_iam;
      return url_;
    };
    return Gateway(std::move(services), {std::move(operator_key), kFunction}, Clock::system(), Random::system());
  }

  awaitable<http::Response> record(std::string who, http::Request request) {
    if (request.path.ends_with("/throw")) throw std::runtime_error("a bug");
    who_ = std::move(who);
    seen_ = std::move(request);
    co_return http::Response{.status = 200, .fields = {}, .body = "ok", .stream = nullptr};
  }

  static http::Request request(const std::string& path, const std::string& host = "127.0.0.1:4566") {
    http::Request request;
    request.method = "GET";
    request.path = path.substr(0, path.find('?'));
    request.target = path;
    if (const std::size_t mark = path.find('?'); mark != std::string::npos) request.query = path.substr(mark + 1);
    request.fields.add("Host", host);
    return request;
  }

  static http::Request signed_request(const std::string& path, const http::Credential& credential, const std::string& service) {
    http::Request result = request(path);
    http::sign_sigv4(result, credential, "us-east-1", service, Clock::system().now());
    return result;
  }

  http::Response call(Gateway& gateway, http::Request request) {
    who_.clear();
    boost::asio::io_context loop;
    auto future = boost::asio::co_spawn(loop, gateway.handle(std::move(request)), boost::asio::use_future);
    loop.run();
    return future.get();
  }

  std::string who_;
  http::Request seen_;
  function::UrlConfig url_;
};

TEST_F(GatewayTest, RoutesUnsignedRequestsOnLoopback) {
  Gateway gateway = make();
  EXPECT_EQ(call(gateway, request("/2015-03-31/functions")).status, 200u);
  EXPECT_EQ(who_, "lambda");
  EXPECT_EQ(call(gateway, request("/_wick/v1/status")).status, 200u);
  EXPECT_EQ(who_, "wick");
  EXPECT_EQ(call(gateway, request("/a?b=c", "open.lambda-url.localhost")).status, 200u);
  EXPECT_EQ(who_, "url open");
  EXPECT_EQ(seen_.target, "/a?b=c");
  EXPECT_EQ(call(gateway, request("/_wick/url/open?b=c")).status, 200u);
  EXPECT_EQ(seen_.target, "/?b=c");
  EXPECT_EQ(seen_.path, "/");
}

TEST_F(GatewayTest, UnknownPathsAndRequestIds) {
  Gateway gateway = make();
  const http::Response response = call(gateway, request("/nothing"));
  EXPECT_EQ(response.status, 404u);
  EXPECT_EQ(response.fields.get("x-amzn-errortype"), "UnknownOperationException");
  EXPECT_EQ(response.fields.get("x-amzn-requestid").size(), 36u);
  EXPECT_THAT(call(gateway, request("/nothing\xff")).body, HasSubstr("/nothing\ufffd "));
}

TEST_F(GatewayTest, WhatAServiceThrowsBecomesA500InItsForm) {
  Gateway gateway = make();
  const http::Response lambda = call(gateway, request("/2015-03-31/throw"));
  EXPECT_EQ(lambda.status, 500u);
  EXPECT_EQ(lambda.fields.get("x-amzn-errortype"), "ServiceException");
  EXPECT_THAT(lambda.body, Not(HasSubstr("a bug")));
  EXPECT_THAT(call(gateway, request("/_wick/v1/throw")).body, HasSubstr(R"("code":"internal")"));
}

TEST_F(GatewayTest, WebPagesOfOtherSitesReachFunctionUrlsOnly) {
  Gateway gateway = make();
  for (const char* path : {"/2015-03-31/functions", "/_wick/v1/status"}) {
    http::Request from_page = request(path);
    from_page.fields.add("Origin", "https://evil.example");
    EXPECT_EQ(call(gateway, from_page).status, 403u);
    EXPECT_EQ(call(gateway, request(path, "evil.example")).status, 403u);
    EXPECT_EQ(who_, "");
  }
  http::Request to_url = request("/", "open.lambda-url.localhost");
  to_url.fields.add("Origin", "https://evil.example");
  EXPECT_EQ(call(gateway, to_url).status, 200u);
}

TEST_F(GatewayTest, WithCredentialsEverySignatureIsVerified) {
  Gateway gateway = make(kOperator);
  EXPECT_EQ(call(gateway, signed_request("/2015-03-31/functions", kOperator, "lambda")).status, 200u);
  EXPECT_EQ(call(gateway, signed_request("/_wick/v1/status", kOperator, "wick")).status, 200u);

  http::Response refused = call(gateway, request("/2015-03-31/functions"));
  EXPECT_EQ(refused.status, 403u);
  EXPECT_EQ(refused.fields.get("x-amzn-errortype"), "MissingAuthenticationTokenException");
  refused = call(gateway, signed_request("/2015-03-31/functions", {"AKIAOPERATOR", "wrong"}, "lambda"));
  EXPECT_EQ(refused.fields.get("x-amzn-errortype"), "InvalidSignatureException");
  refused = call(gateway, signed_request("/2015-03-31/functions", kOperator, "s3"));
  EXPECT_EQ(refused.fields.get("x-amzn-errortype"), "InvalidSignatureException");
  refused = call(gateway, signed_request("/2015-03-31/functions", kFunction, "lambda"));
  EXPECT_EQ(refused.fields.get("x-amzn-errortype"), "UnrecognizedClientException");
  EXPECT_THAT(call(gateway, request("/_wick/v1/status")).body, HasSubstr(R"("code":"denied")"));
  EXPECT_EQ(who_, "");

  http::Request foreign_host = request("/2015-03-31/functions", "wick.example.com");
  foreign_host.fields.add("Origin", "https://console.example.com");
  http::sign_sigv4(foreign_host, kOperator, "us-east-1", "lambda", Clock::system().now());
  EXPECT_EQ(call(gateway, foreign_host).status, 200u);
}

TEST_F(GatewayTest, InstancesSignWithTheFunctionsKeyAndDoNotRuleWick) {
  Gateway gateway = make(kOperator);
  http::Request inside = signed_request("/2015-03-31/functions", kFunction, "lambda");
  inside.instance = "i";
  EXPECT_EQ(call(gateway, inside).status, 200u);
  inside = signed_request("/2015-03-31/functions", kOperator, "lambda");
  inside.instance = "i";
  EXPECT_EQ(call(gateway, inside).status, 403u);

  Gateway open = make();
  inside = request("/2015-03-31/functions");
  inside.instance = "i";
  EXPECT_EQ(call(open, inside).status, 200u);
  inside = request("/_wick/v1/runtimes");
  inside.instance = "i";
  EXPECT_EQ(call(open, inside).status, 403u);
}

TEST_F(GatewayTest, PackageLinksNeedNoSignature) {
  Gateway gateway = make(kOperator);
  EXPECT_EQ(call(gateway, request("/_wick/v1/packages/00.zip?token=t")).status, 200u);
  EXPECT_EQ(who_, "wick");
}

TEST_F(GatewayTest, FunctionUrlsWithIam) {
  Gateway gateway = make(kOperator);
  EXPECT_EQ(call(gateway, request("/_wick/url/open/")).status, 200u);
  EXPECT_EQ(call(gateway, request("/_wick/url/unknown/")).status, 200u) << "the function URL service knows the answer";
  const http::Response refused = call(gateway, request("/_wick/url/iam/"));
  EXPECT_EQ(refused.status, 403u);
  EXPECT_EQ(refused.body, R"({"Message":"Forbidden"})");
  EXPECT_EQ(call(gateway, signed_request("/_wick/url/iam/x", {"AKIAOPERATOR", "wrong"}, "lambda")).status, 403u);
  EXPECT_EQ(call(gateway, signed_request("/_wick/url/iam/x", kOperator, "lambda")).status, 200u);
  EXPECT_EQ(seen_.path, "/x");

  Gateway open = make();
  EXPECT_EQ(call(open, request("/_wick/url/iam/")).status, 403u) << "any key is accepted, but one must be named";
  EXPECT_EQ(call(open, signed_request("/_wick/url/iam/", {"any", "any"}, "lambda")).status, 200u);
}

// Any key is accepted without credentials, so a signature proves nothing about who wrote the page.
TEST_F(GatewayTest, WithoutCredentialsWebPagesDoNotReachFunctionUrlsWithIam) {
  http::Request from_page = signed_request("/_wick/url/iam/", {"any", "any"}, "lambda");
  from_page.fields.add("Origin", "https://evil.example");
  http::Request cross_site = signed_request("/_wick/url/iam/", {"any", "any"}, "lambda");
  cross_site.fields.add("Sec-Fetch-Site", "cross-site");
  http::Request from_loopback = signed_request("/_wick/url/iam/", {"any", "any"}, "lambda");
  from_loopback.fields.add("Origin", "http://localhost:3000");
  Gateway open = make();
  EXPECT_EQ(call(open, from_page).status, 403u);
  EXPECT_EQ(call(open, cross_site).status, 403u);
  EXPECT_EQ(call(open, from_loopback).status, 200u);

  Gateway closed = make(kOperator);
  http::Request from_operators_page = signed_request("/_wick/url/iam/", kOperator, "lambda");
  from_operators_page.fields.add("Origin", "https://console.example");
  EXPECT_EQ(call(closed, from_operators_page).status, 200u);
}

TEST_F(GatewayTest, PreflightsCannotBeSigned) {
  Gateway gateway = make(kOperator);
  http::Request preflight = request("/_wick/url/iam/");
  preflight.method = "OPTIONS";
  preflight.fields.add("Origin", "https://page.example");
  preflight.fields.add("Access-Control-Request-Method", "POST");
  EXPECT_EQ(call(gateway, preflight).status, 403u);
  url_.cors.emplace();
  EXPECT_EQ(call(gateway, preflight).status, 200u);
}

}  // namespace
}  // namespace wick::gateway
