#include "http/sigv4.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <boost/algorithm/string/case_conv.hpp>

#include "base/digest.h"
#include "http/sigv4_canonical.h"
#include "http/sigv4_claim.h"

namespace wick::http {
namespace {

constexpr std::chrono::minutes kSkew{5};
constexpr std::string_view kUnsigned = "UNSIGNED-PAYLOAD";

using Failure = std::unexpected<SigFailure>;

std::string duration_text(std::chrono::seconds duration) {
  return duration.count() % 60 == 0 ? fmt::format("{} min.", duration.count() / 60) : fmt::format("{} sec.", duration.count());
}

std::expected<void, SigFailure> check_time(const SignatureClaim& claim, WallTime now) {
  const std::chrono::seconds valid = claim.expires.value_or(kSkew);
  if (now - claim.time > valid) {
    return Failure({SigError::expired, fmt::format("Signature expired: {} is now earlier than {} ({} - {})", claim.timestamp,
                                                   iso8601_basic(now - valid), iso8601_basic(now), duration_text(valid))});
  }
  if (claim.time - now > kSkew) {
    return Failure({SigError::expired, fmt::format("Signature not yet current: {} is still later than {} ({} + {})", claim.timestamp,
                                                   iso8601_basic(now + kSkew), iso8601_basic(now), duration_text(kSkew))});
  }
  return {};
}

bool is_sha256_hex(std::string_view text) { return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

}  // namespace

std::string_view sigv4_error_name(SigError kind) {
  switch (kind) {
    case SigError::missing_token:
      return "MissingAuthenticationTokenException";
    case SigError::incomplete:
      return "IncompleteSignatureException";
    case SigError::unknown_key:
      return "UnrecognizedClientException";
    case SigError::mismatch:
    case SigError::expired:
    case SigError::payload_hash:
      return "InvalidSignatureException";
  }
  return "InvalidSignatureException";
}

std::expected<SignatureScope, SigFailure> verify_sigv4(const Request& request,
                                                       const std::function<std::optional<std::string>(std::string_view access_key_id)>& secret_of,
                                                       WallTime now) {
  auto claim = read_claim(request);
  if (!claim) return Failure(std::move(claim).error());
  const auto secret = secret_of(claim->scope.access_key_id);
  if (!secret) return Failure({SigError::unknown_key, "The security token included in the request is invalid."});
  if (auto in_time = check_time(*claim, now); !in_time) return Failure(std::move(in_time).error());

  std::string payload_hash = claim->payload_hash;
  if (payload_hash.empty() && claim->expires && claim->scope.service == "s3") payload_hash = kUnsigned;
  std::string body_hash;
  if (payload_hash != kUnsigned) body_hash = to_hex(bytes_of(sha256(request.body)));
  if (payload_hash.empty()) payload_hash = body_hash;

  const auto matches = [&](CanonicalForm form) {
    const auto canonical = canonical_request(request, claim->scope.service, claim->signed_headers, payload_hash, form);
    return equal_constant_time(signature_of(canonical, claim->scope, *secret, claim->timestamp), claim->signature);
  };
  if (!matches(CanonicalForm::aws) && (claim->expires || !matches(CanonicalForm::literal))) {
    return Failure({SigError::mismatch,
                    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and "
                    "signing method. Consult the service documentation for details."});
  }
  if (payload_hash != kUnsigned && payload_hash != body_hash) {
    return Failure({SigError::payload_hash, is_sha256_hex(payload_hash)
                                                ? "The provided 'x-amz-content-sha256' header does not match what was computed."
                                                : "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, or a valid sha256 value."});
  }
  return std::move(claim->scope);
}

void sign_sigv4(Request& request, const Credential& credential, std::string_view region, std::string_view service, WallTime now) {
  const std::string timestamp = iso8601_basic(now);
  const std::string payload_hash = to_hex(bytes_of(sha256(request.body)));
  request.fields.set("X-Amz-Date", timestamp);
  request.fields.set("X-Amz-Content-Sha256", payload_hash);

  std::vector<std::string> names;
  for (const auto& [name, value] : request.fields.all()) {
    std::string lower = boost::algorithm::to_lower_copy(name);
    if (lower == "host" || lower == "content-type" || lower.starts_with("x-amz-")) names.push_back(std::move(lower));
  }
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());

  const SignatureScope scope{
      .access_key_id = credential.access_key_id, .date = timestamp.substr(0, 8), .region = std::string(region), .service = std::string(service)};
  const auto canonical = canonical_request(request, service, names, payload_hash, CanonicalForm::aws);
  request.fields.set("Authorization", fmt::format("AWS4-HMAC-SHA256 Credential={}/{}/{}/{}/aws4_request, SignedHeaders={}, Signature={}",
                                                  scope.access_key_id, scope.date, scope.region, scope.service, fmt::join(names, ";"),
                                                  signature_of(canonical, scope, credential.secret_access_key, timestamp)));
}

}  // namespace wick::http
