// Signatures that others made: AWS's published test suite, and requests recorded from real clients.
#include <chrono>

#include <gtest/gtest.h>

#include "http/sigv4.h"
#include "http/sigv4_claim.h"

namespace wick::http {
namespace {

constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

// METHOD TARGET, header lines, an empty line, the body.
Request parse(std::string_view text) {
  Request request;
  const auto blank = text.find("\n\n");
  std::string_view head = text.substr(0, blank);
  request.body = text.substr(blank + 2);
  const auto line_end = std::min(head.find('\n'), head.size());
  const std::string_view first = head.substr(0, line_end);
  request.method = first.substr(0, first.find(' '));
  request.target = first.substr(first.find(' ') + 1);
  request.path = request.target.substr(0, request.target.find('?'));
  if (const auto question = request.target.find('?'); question != std::string::npos) request.query = request.target.substr(question + 1);
  head.remove_prefix(line_end);
  while (!head.empty()) {
    head.remove_prefix(1);
    const std::string_view line = head.substr(0, head.find('\n'));
    head.remove_prefix(line.size());
    std::string_view value = line.substr(line.find(':') + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    request.fields.add(std::string(line.substr(0, line.find(':'))), std::string(value));
  }
  return request;
}

std::optional<std::string> secret_of(std::string_view key) {
  if (key != "AKIDEXAMPLE") return std::nullopt;
  return std::string(kSecret);
}

std::string verdict(const Request& request) {
  const auto claim = read_claim(request);
  if (!claim) return claim.error().message;
  const auto verified = verify_sigv4(request, secret_of, claim->time);
  return verified ? verified->service : verified.error().message;
}

struct SuiteCase {
  const char* name;
  const char* request;  // without Host and X-Amz-Date
  const char* signed_headers;
  const char* signature;
};

// The cases of aws-sig-v4-test-suite that differ in what they exercise.
constexpr SuiteCase kSuite[] = {
    {"get-vanilla", "GET /\n\n", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla-query-order-key-case", "GET /?Param2=value2&Param1=value1\n\n", "host;x-amz-date",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"get-vanilla-query-order-value", "GET /?Param1=value2&Param1=value1\n\n", "host;x-amz-date",
     "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"},
    {"get-vanilla-query-unreserved",
     "GET /?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz="
     "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz\n\n",
     "host;x-amz-date", "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
    {"get-vanilla-utf8-query", "GET /?ሴ=bar\n\n", "host;x-amz-date", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {"get-utf8", "GET /ሴ\n\n", "host;x-amz-date", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"get-header-value-trim", "GET /\nMy-Header1: value1\nMy-Header2: \"a   b   c\"\n\n", "host;my-header1;my-header2;x-amz-date",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"get-header-key-duplicate", "GET /\nMy-Header1: value2\nMy-Header1: value2\nMy-Header1: value1\n\n", "host;my-header1;x-amz-date",
     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
    {"get-header-value-order", "GET /\nMy-Header1: value4\nMy-Header1: value1\nMy-Header1: value3\nMy-Header1: value2\n\n",
     "host;my-header1;x-amz-date", "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
    {"post-header-key-sort", "POST /\nMy-Header1: value1\n\n", "host;my-header1;x-amz-date",
     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
    {"post-x-www-form-urlencoded", "POST /\nContent-Type: application/x-www-form-urlencoded\n\nParam1=value1", "content-type;host;x-amz-date",
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
    {"get-relative", "GET /example/..\n\n", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-slash-dot-slash", "GET /./\n\n", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-slashes", "GET //example//\n\n", "host;x-amz-date", "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
    {"get-space", "GET /example space/\n\n", "host;x-amz-date", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
};

TEST(SigV4Vectors, PublishedSuite) {
  for (const SuiteCase& test : kSuite) {
    Request request = parse(test.request);
    request.fields.add("Host", "example.amazonaws.com");
    request.fields.add("X-Amz-Date", "20150830T123600Z");
    request.fields.add("Authorization",
                       std::string("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=") +
                           test.signed_headers + ", Signature=" + test.signature);
    EXPECT_EQ(verdict(request), "service") << test.name;
  }
}

struct Recorded {
  const char* client;
  const char* request;
};

// Headers that no client signs are left out. Expect and Content-Length never change what is verified.
constexpr Recorded kRecorded[] = {
    {"botocore: invoke by ARN",
     R"(POST /2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Ahello/invocations?Qualifier=%24LATEST
X-Amz-Client-Context: e30=
host: 127.0.0.1:39281
X-Amz-Date: 20261124T233449Z
Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-client-context;x-amz-date, Signature=80c60c8c0554d1275fa90eb2fad294eef26ae5d98de295ad9c1f3ea4833e7c8b
Content-Length: 2

{})"},
    {"botocore: a marker to encode, with a session token",
     R"(GET /2015-03-31/functions/?Marker=a%20b%2Bc%2Fd%3De%26%C3%A9~%2A&MaxItems=3
host: 127.0.0.1:39281
X-Amz-Security-Token: token/with+signs==
X-Amz-Date: 20261124T233449Z
Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=44a68fd7c443edcc7d5b7d373db111188a55f766ac7ab765874a31fcc77d96b9

)"},
    {"botocore: presigned",
     R"(GET /2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Ahello?Qualifier=a-b_c&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20261124%2Fus-east-1%2Flambda%2Faws4_request&X-Amz-Date=20261124T233449Z&X-Amz-SignedHeaders=host&X-Amz-Expires=900&X-Amz-Signature=3be8f5109176e72b428bbe25e7472b07c1e885e7a2f4d665a476d338b729af38
Host: 127.0.0.1:39281

)"},
    {"botocore: S3 put, key to encode",
     R"(PUT /b/a%20b//../c%2Bd%3A%C3%A9
Content-MD5: jXd/OF09/siBXSD3SWAm3A==
host: 127.0.0.1:39281
X-Amz-Date: 20261124T233449Z
x-amz-content-sha256: 3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7
Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/s3/aws4_request, SignedHeaders=content-md5;host;x-amz-content-sha256;x-amz-date, Signature=ed137b60e91b68986e991e14681587b69c62dc385994bb4ab256959d21c00bd0
Content-Length: 4

data)"},
    {"botocore: S3 presigned",
     R"(GET /b/a%20b?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20261124%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20261124T233450Z&X-Amz-SignedHeaders=host&X-Amz-Expires=60&X-Amz-Signature=d9e4ef439037b6b5aa880ba95377ee2b3d351e482ba8df722ec24c7994f1b2c1
Host: 127.0.0.1:39281

)"},
    {"AWS CLI v2: invoke",
     R"(POST /2015-03-31/functions/hello/invocations
Host: 127.0.0.1:39281
X-Amz-Date: 20261124T233450Z
Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature=255888aaa864fcd6dcb0548ee03082d37c179d32c44bddd1a60eb3f08ceb9952
Content-Length: 7

{"a":1})"},
    {"AWS SDK for JavaScript: invoke by ARN",
     R"(POST /2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Ahello/invocations?Qualifier=live
content-type: application/octet-stream
content-length: 2
x-amz-user-agent: aws-sdk-js/3.1163.0
host: 127.0.0.1:39281
amz-sdk-invocation-id: bfcca323-cad2-401f-bbcc-fb775ac25d9f
amz-sdk-request: attempt=1; max=1
x-amz-date: 20261124T233451Z
x-amz-content-sha256: 44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a
authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/lambda/aws4_request, SignedHeaders=amz-sdk-invocation-id;amz-sdk-request;content-length;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-user-agent, Signature=b33538575937a0e2f6f2a6bf0917199c73a31f2228676a84124af2236c136409

{})"},
    {"AWS SDK for JavaScript: list tags, with a session token",
     R"(GET /2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Ahello
x-amz-user-agent: aws-sdk-js/3.1163.0
host: 127.0.0.1:39281
amz-sdk-invocation-id: a47f5d32-7cfb-49e0-9edc-0a866cd87d3d
amz-sdk-request: attempt=1; max=1
x-amz-date: 20261124T233451Z
x-amz-security-token: token/with+signs==
x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/lambda/aws4_request, SignedHeaders=amz-sdk-invocation-id;amz-sdk-request;host;x-amz-content-sha256;x-amz-date;x-amz-security-token;x-amz-user-agent, Signature=ff194f16031e2caebbccfc5d9c7d783edfe4521307aa46c215982486244c692e

)"},
    {"curl: invoke",
     R"(POST /2015-03-31/functions/hello/invocations
Host: 127.0.0.1:39281
Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature=ce3743deaa81098cb8d1756b4eecc170450148a63d80c50f69ed58d3cf47f609
X-Amz-Date: 20261124T233451Z
Content-Length: 7

{"a":1})"},
    {"curl: by ARN, query not in order",
     R"(GET /2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:hello?Qualifier=1&A=b%2Fc
Host: 127.0.0.1:39281
Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature=70f490cf4b0e69dff1719e14d0e4a4514eeab817f7c5cbae6a18068ad128d788
X-Amz-Date: 20261124T233451Z

)"},
};

TEST(SigV4Vectors, RealClients) {
  for (const auto& [client, text] : kRecorded) {
    Request request = parse(text);
    const std::string service = std::string(client).find("S3") == std::string::npos ? "lambda" : "s3";
    EXPECT_EQ(verdict(request), service) << client;
    request.method = "PATCH";
    EXPECT_NE(verdict(request), service) << client;
  }
}

}  // namespace
}  // namespace wick::http
