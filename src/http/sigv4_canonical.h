#pragma once
// The canonical request of Signature Version 4: one text that both sides derive from a request, and its signature.
#include <span>
#include <string>
#include <string_view>

#include "http/sigv4.h"

namespace wick::http {

enum class CanonicalForm {
  aws,      // path and query as AWS derives them
  literal,  // path and query exactly as sent, which is what curl's --aws-sigv4 signs before curl 8
};

// payload_hash: hex, or UNSIGNED-PAYLOAD. X-Amz-Signature is left out of the query.
std::string canonical_request(const Request& request, std::string_view service, std::span<const std::string> signed_headers,
                              std::string_view payload_hash, CanonicalForm form);

// Hex. timestamp is 20260102T030405Z.
std::string signature_of(std::string_view canonical, const SignatureScope& scope, std::string_view secret, std::string_view timestamp);

}  // namespace wick::http
