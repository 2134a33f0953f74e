#pragma once
// What a signed request claims: the Authorization header or the X-Amz-* query parameters, taken apart but not yet verified.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "http/sigv4.h"

namespace wick::http {

struct SignatureClaim {
  SignatureScope scope;
  std::vector<std::string> signed_headers;  // lower case, as claimed
  std::string signature;
  std::string timestamp;  // 20260102T030405Z
  WallTime time;
  std::optional<std::chrono::seconds> expires;  // set for the presigned query form alone
  std::string payload_hash;                     // x-amz-content-sha256 as sent; empty if absent
};

std::expected<SignatureClaim, SigFailure> read_claim(const Request& request);

std::string iso8601_basic(WallTime time);  // 20260102T030405Z

}  // namespace wick::http
