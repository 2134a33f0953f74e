#pragma once
// AWS Signature Version 4: verifying a request and signing one (AWS IAM User Guide, "Signature Version 4 for API requests").
//
// Header and presigned-query forms, UNSIGNED-PAYLOAD and signed payload hashes. Pure functions over the request as it came.
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "http/message.h"

namespace wick::http {

struct Credential {
  std::string access_key_id;
  std::string secret_access_key;
};

// What a request claims, before anything is verified. Empty access key: it is not signed at all.
struct SignatureScope {
  std::string access_key_id;
  std::string date;  // 20260102
  std::string region;
  std::string service;
};

enum class SigError {  // each an AWS error name; sigv4_error_name
  missing_token,       // MissingAuthenticationTokenException: no signature
  incomplete,          // IncompleteSignatureException: malformed
  unknown_key,         // UnrecognizedClientException: the security token is invalid
  mismatch,            // InvalidSignatureException: wrong key, or something signed was changed
  expired,             // InvalidSignatureException: clock skew over 5 minutes, or a presigned URL past its time
  payload_hash,        // InvalidSignatureException: x-amz-content-sha256 is not the body's hash
};

struct SigFailure {
  SigError kind{};
  std::string message;  // AWS's own wording
};

std::string_view sigv4_error_name(SigError kind);

// Reads Authorization or X-Amz-Credential without checking anything. nullopt if the request carries neither.
std::optional<SignatureScope> signature_scope(const Request& request);

// secret_of returns the secret key, or nullopt for an unknown access key. Returns the verified scope, whose region and service the
// caller compares with its own. What is signed is the path without empty and dot segments: a router must give those no meaning.
std::expected<SignatureScope, SigFailure> verify_sigv4(const Request& request,
                                                       const std::function<std::optional<std::string>(std::string_view access_key_id)>& secret_of,
                                                       WallTime now);

// Adds X-Amz-Date, X-Amz-Content-Sha256 and Authorization. Host must be set.
void sign_sigv4(Request& request, const Credential& credential, std::string_view region, std::string_view service, WallTime now);

}  // namespace wick::http
