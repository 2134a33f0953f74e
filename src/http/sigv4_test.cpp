#include "http/sigv4.h"

#include <gmock/gmock.h>

#include "base/digest.h"

namespace wick::http {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const Credential kCredential{.access_key_id = "AKIDEXAMPLE", .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};
const WallTime kNow =
    std::chrono::sys_days(std::chrono::year(2026) / 1 / 2) + std::chrono::hours(3) + std::chrono::minutes(4) + std::chrono::seconds(5);

std::optional<std::string> secret_of(std::string_view key) {
  if (key != kCredential.access_key_id) return std::nullopt;
  return kCredential.secret_access_key;
}

void set_target(Request& request, std::string target) {
  const auto question = target.find('?');
  request.path = target.substr(0, question);
  request.query = question == std::string::npos ? "" : target.substr(question + 1);
  request.target = std::move(target);
}

Request signed_request(std::string target = "/2015-03-31/functions/f%3A1/invocations?Qualifier=%24LATEST&A=b") {
  Request request;
  request.method = "POST";
  set_target(request, std::move(target));
  request.fields.add("Host", "127.0.0.1:4566");
  request.fields.add("Content-Type", "application/json");
  request.fields.add("X-Amz-Client-Context", "  a   b ");
  request.body = R"({"a":1})";
  sign_sigv4(request, kCredential, "eu-central-1", "lambda", kNow);
  return request;
}

SigFailure failure_of(const Request& request, WallTime now = kNow) {
  auto verified = verify_sigv4(request, secret_of, now);
  EXPECT_FALSE(verified) << "verified what it should not";
  return verified ? SigFailure() : verified.error();
}

TEST(SigV4, VerifiesWhatItSigned) {
  for (const char* target : {"/", "/a/b?x=1&a=%20+&a=", "/2015-03-31/functions/f%3A1", "/a//b/../c/", "/%zz?%"}) {
    const auto scope = verify_sigv4(signed_request(target), secret_of, kNow);
    ASSERT_TRUE(scope) << target << ": " << scope.error().message;
    EXPECT_EQ(scope->access_key_id, "AKIDEXAMPLE");
    EXPECT_EQ(scope->date, "20260102");
    EXPECT_EQ(scope->region, "eu-central-1");
    EXPECT_EQ(scope->service, "lambda");
  }
}

TEST(SigV4, ReadsTheScopeUnverified) {
  Request request = signed_request();
  EXPECT_EQ(signature_scope(request)->service, "lambda");
  request.fields.set("Authorization", "Bearer abc");
  EXPECT_FALSE(signature_scope(request));
  EXPECT_FALSE(signature_scope(Request()));
  set_target(request, "/?X-Amz-Credential=A%2F20260102%2Fus-east-1%2Fs3%2Faws4_request");
  request.fields = {};
  EXPECT_EQ(signature_scope(request)->service, "s3");
}

TEST(SigV4, NoticesEveryChange) {
  const std::vector<std::pair<const char*, std::function<void(Request&)>>> changes{
      {"method", [](Request& r) { r.method = "PUT"; }},
      {"path", [](Request& r) { set_target(r, "/2015-03-31/functions/g%3A1/invocations?Qualifier=%24LATEST&A=b"); }},
      {"query", [](Request& r) { set_target(r, "/2015-03-31/functions/f%3A1/invocations?Qualifier=1&A=b"); }},
      {"one more parameter", [](Request& r) { set_target(r, r.target + "&B=c"); }},
      {"host", [](Request& r) { r.fields.set("Host", "127.0.0.1:4567"); }},
      {"a signed header", [](Request& r) { r.fields.set("X-Amz-Client-Context", "ab"); }},
      {"a signed header twice", [](Request& r) { r.fields.add("Content-Type", "text/plain"); }},
      {"a signed header gone", [](Request& r) { r.fields.set("Content-Type", ""); }},
      {"the date", [](Request& r) { r.fields.set("X-Amz-Date", "20260102T030406Z"); }},
  };
  for (const auto& [what, change] : changes) {
    Request request = signed_request();
    change(request);
    const auto failure = failure_of(request);
    EXPECT_EQ(failure.kind, SigError::mismatch) << what;
    EXPECT_EQ(failure.message,
              "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing "
              "method. Consult the service documentation for details.")
        << what;
  }
}

TEST(SigV4, WhatIsNotSignedMayChange) {
  Request request = signed_request();
  request.fields.add("User-Agent", "other");
  request.fields.set("X-Amz-Client-Context", "a b");  // blanks are folded
  set_target(request, "/2015-03-31/functions/f%3A1/invocations?A=b&Qualifier=$LATEST");
  EXPECT_TRUE(verify_sigv4(request, secret_of, kNow));
}

TEST(SigV4, ChecksTheBody) {
  Request request = signed_request();
  request.body = R"({"a":2})";
  EXPECT_EQ(failure_of(request).kind, SigError::payload_hash);

  const auto with_hash = [](std::string hash) {
    Request changed = signed_request();
    changed.fields.set("X-Amz-Content-Sha256", std::move(hash));
    return changed;
  };
  EXPECT_EQ(failure_of(with_hash("UNSIGNED-PAYLOAD")).kind, SigError::mismatch);
  EXPECT_EQ(failure_of(with_hash(to_hex(bytes_of(sha256("other"))))).kind, SigError::mismatch);
}

TEST(SigV4, SaysWhatIsWrong) {
  Request request = signed_request();
  const std::string good(request.fields.get("authorization"));
  const auto with = [&request](std::string authorization) {
    request.fields.set("Authorization", std::move(authorization));
    return failure_of(request);
  };
  const std::string rest = ", SignedHeaders=host;x-amz-date, Signature=abc";

  const SigFailure missing = failure_of(Request());
  EXPECT_EQ(missing.kind, SigError::missing_token);
  EXPECT_EQ(missing.message, "Missing Authentication Token");

  EXPECT_EQ(with("AWS4-HMAC-SHA256 Credential=AKIDOTHER/20260102/us-east-1/lambda/aws4_request" + rest).kind, SigError::unknown_key);
  EXPECT_EQ(with("AWS4-HMAC-SHA256 Credential=AKIDOTHER/20260102/us-east-1/lambda/aws4_request" + rest).message,
            "The security token included in the request is invalid.");
  EXPECT_EQ(with(good.substr(0, good.size() - 1)).kind, SigError::mismatch);
  EXPECT_EQ(with(good + "0").kind, SigError::mismatch);

  const SigFailure bearer = with("Bearer secret");
  EXPECT_EQ(bearer.kind, SigError::incomplete);
  EXPECT_THAT(bearer.message, StartsWith("Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256"));
  EXPECT_THAT(bearer.message, Not(HasSubstr("secret")));
  EXPECT_EQ(with("AWS4-HMAC-MD5 Credential=a").message, "Unsupported AWS 'algorithm': 'AWS4-HMAC-MD5'.");
  EXPECT_THAT(with("AWS4-HMAC-SHA256 Credential=a").message,
              StartsWith("Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. "
                         "(Hashed with SHA-256 and encoded with Base64) Authorization="));
  EXPECT_THAT(with("AWS4-HMAC-SHA256 Credential=a/b" + rest).message, HasSubstr("must have exactly 5 slash-delimited elements"));
  EXPECT_THAT(with("AWS4-HMAC-SHA256 Credential=a/20260102/r/s/aws3_request" + rest).message, HasSubstr("valid terminator: 'aws4_request'"));
  EXPECT_THAT(with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/r/s/aws4_request" + rest).message,
              "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260101' != '20260102', from "
              "'20260102T030405Z'.");
  EXPECT_EQ(with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/r/s/aws4_request, SignedHeaders=x-amz-date, Signature=abc").message,
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");

  for (const char* date : {"2026-01-02T03:04:05Z", "20261302T030405Z", "20260230T030405Z", "20260102T240405Z", "x", ""}) {
    request.fields.set("X-Amz-Date", date);
    const SigFailure bad_date = with(good);
    EXPECT_EQ(bad_date.kind, SigError::incomplete) << date;
    EXPECT_THAT(bad_date.message, StartsWith("Date must be in ISO-8601 'basic format'. Got '")) << date;
  }
}

TEST(SigV4, AcceptsFiveMinutesOfSkew) {
  const Request request = signed_request();
  using std::chrono::minutes;
  using std::chrono::seconds;
  EXPECT_TRUE(verify_sigv4(request, secret_of, kNow + minutes(5)));
  EXPECT_TRUE(verify_sigv4(request, secret_of, kNow - minutes(5)));
  const auto late = failure_of(request, kNow + minutes(5) + seconds(1));
  EXPECT_EQ(late.kind, SigError::expired);
  EXPECT_EQ(late.message, "Signature expired: 20260102T030405Z is now earlier than 20260102T030406Z (20260102T030906Z - 5 min.)");
  const auto early = failure_of(request, kNow - minutes(5) - seconds(1));
  EXPECT_EQ(early.kind, SigError::expired);
  EXPECT_EQ(early.message, "Signature not yet current: 20260102T030405Z is still later than 20260102T030404Z (20260102T025904Z + 5 min.)");
}

TEST(SigV4, DateHeaderStandsInForXAmzDate) {
  Request request;
  request.method = "GET";
  set_target(request, "/");
  request.fields.add("Host", "example.amazonaws.com");
  request.fields.add("Date", "Sun, 30 Aug 2015 12:36:00 GMT");
  // host:example.amazonaws.com alone is signed.
  request.fields.add("Authorization",
                     "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host, "
                     "Signature=fa74fb782574d48baea5d44afde6391c3308ac0522e5e438ded9273c0adabadf");
  const WallTime then = std::chrono::sys_days(std::chrono::year(2015) / 8 / 30) + std::chrono::hours(12) + std::chrono::minutes(36);
  const auto verified = verify_sigv4(request, secret_of, then);
  EXPECT_TRUE(verified) << verified.error().message;
}

// Made with botocore's SigV4QueryAuth for lambda: GET /2015-03-31/functions/f, 900 s from 20260102T030405Z.
constexpr std::string_view kPresigned =
    "/2015-03-31/functions/f?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20260102%2Fus-east-1%2Flambda%2Faws4_request"
    "&X-Amz-Date=20260102T030405Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature="
    "93ff905809ba06da33eedad6a9cc64c68d6ce425aec06794d572d7351b1894fb";

Request presigned(std::string target) {
  Request request;
  request.method = "GET";
  set_target(request, std::move(target));
  request.fields.add("Host", "127.0.0.1:4566");
  return request;
}

std::string replaced(std::string_view text, std::string_view what, std::string_view with) {
  std::string out(text);
  out.replace(out.find(what), what.size(), with);
  return out;
}

TEST(SigV4Presigned, LastsAsLongAsItSays) {
  const Request request = presigned(std::string(kPresigned));
  EXPECT_TRUE(verify_sigv4(request, secret_of, kNow));
  EXPECT_TRUE(verify_sigv4(request, secret_of, kNow + std::chrono::seconds(900)));
  const auto failure = failure_of(request, kNow + std::chrono::seconds(901));
  EXPECT_EQ(failure.kind, SigError::expired);
  EXPECT_EQ(failure.message, "Signature expired: 20260102T030405Z is now earlier than 20260102T030406Z (20260102T031906Z - 15 min.)");
  EXPECT_EQ(failure_of(request, kNow - std::chrono::seconds(301)).kind, SigError::expired);
}

TEST(SigV4Presigned, SaysWhatIsWrong) {
  const auto fails = [](std::string_view what, std::string_view with) { return failure_of(presigned(replaced(kPresigned, what, with))); };
  EXPECT_EQ(fails("X-Amz-Expires=900", "X-Amz-Expires=901").kind, SigError::mismatch);
  EXPECT_EQ(fails("/functions/f", "/functions/g").kind, SigError::mismatch);
  EXPECT_EQ(fails("X-Amz-Signature=", "X-Amz-Signature=0").kind, SigError::mismatch);
  EXPECT_EQ(fails("X-Amz-Expires=900", "X-Amz-Expires=x").message, "X-Amz-Expires must be a number");
  for (const char* value : {"604801", "99999999999999999999"}) {
    EXPECT_THAT(fails("X-Amz-Expires=900", std::string("X-Amz-Expires=") + value).message, StartsWith("X-Amz-Expires must be less than a week"));
  }
  EXPECT_EQ(fails("X-Amz-Expires=900", "X-Amz-Expires=0").kind, SigError::incomplete);
  EXPECT_EQ(fails("X-Amz-Expires=900", "X-Amz-Expires=-5").kind, SigError::incomplete);
  EXPECT_EQ(fails("X-Amz-Date", "x").message, "AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters.");
  EXPECT_THAT(fails("AWS4-HMAC-SHA256", "AWS4-HMAC-MD5").message, HasSubstr("'algorithm'"));
  EXPECT_THAT(fails("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=date").message, HasSubstr("'Host' or ':authority'"));
}

TEST(SigV4, NamesErrorsAsAwsDoes) {
  EXPECT_EQ(sigv4_error_name(SigError::missing_token), "MissingAuthenticationTokenException");
  EXPECT_EQ(sigv4_error_name(SigError::incomplete), "IncompleteSignatureException");
  EXPECT_EQ(sigv4_error_name(SigError::unknown_key), "UnrecognizedClientException");
  for (const auto kind : {SigError::mismatch, SigError::expired, SigError::payload_hash}) {
    EXPECT_EQ(sigv4_error_name(kind), "InvalidSignatureException");
  }
}

}  // namespace
}  // namespace wick::http
