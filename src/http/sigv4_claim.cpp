#include "http/sigv4_claim.h"

#include <ctime>

#include <algorithm>
#include <charconv>
#include <map>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <boost/algorithm/string/case_conv.hpp>

#include "base/digest.h"

namespace wick::http {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kTerminator = "aws4_request";
constexpr std::chrono::seconds kExpiresMax{604'800};
constexpr std::size_t kSignedHeadersMax = 256;

using Failure = std::unexpected<SigFailure>;
using Parts = std::map<std::string, std::string, std::less<>>;

Failure incomplete(std::string message) { return Failure({SigError::incomplete, std::move(message)}); }
Failure invalid(std::string message) { return Failure({SigError::mismatch, std::move(message)}); }

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<int> digits(std::string_view text) {
  int value = 0;
  if (!std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<WallTime> parse_basic(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  const auto year = digits(text.substr(0, 4)), month = digits(text.substr(4, 2)), day = digits(text.substr(6, 2));
  const auto hour = digits(text.substr(9, 2)), minute = digits(text.substr(11, 2)), second = digits(text.substr(13, 2));
  if (!year || !month || !day || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

// The Date header may be "Sun, 06 Nov 1994 08:49:37 GMT" instead.
std::optional<WallTime> parse_date(const std::string& text) {
  if (const auto basic = parse_basic(text)) return basic;
  std::tm fields{};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &fields);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return WallTime(std::chrono::seconds(::timegm(&fields)));
}

// AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...
std::expected<Parts, SigFailure> parse_authorization(std::string_view header) {
  const auto blank = std::min(header.find(' '), header.size());
  const std::string_view algorithm = header.substr(0, blank);
  if (algorithm.starts_with("AWS4-") && algorithm != kAlgorithm) {
    return incomplete(fmt::format("Unsupported AWS 'algorithm': '{}'.", algorithm));
  }
  Parts parts;
  for (const std::string& part : split(header.substr(blank), ',')) {
    const std::string_view pair = trimmed(part);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) {
      return incomplete(
          fmt::format("Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and "
                      "encoded with Base64): '{}'.",
                      to_base64(bytes_of(sha256(header)))));
    }
    parts.emplace(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return parts;
}

std::expected<SignatureScope, SigFailure> parse_credential(std::string_view credential) {
  const auto elements = split(credential, '/');
  if (elements.size() < 5) {
    return incomplete(
        fmt::format("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{}'", credential));
  }
  // The key id of some tools holds slashes: count from the end.
  const auto last = elements.size() - 1;
  if (elements[last] != kTerminator) {
    return invalid(fmt::format("Credential should be scoped with a valid terminator: '{}', not '{}'.", kTerminator, elements[last]));
  }
  const std::string& date = elements[last - 3];
  const std::size_t key_size = credential.size() - kTerminator.size() - elements[last - 1].size() - elements[last - 2].size() - date.size() - 4;
  return SignatureScope{
      .access_key_id = std::string(credential.substr(0, key_size)), .date = date, .region = elements[last - 2], .service = elements[last - 1]};
}

std::expected<SignatureClaim, SigFailure> finish(SignatureClaim claim, std::string_view signed_headers) {
  claim.signed_headers = split(boost::algorithm::to_lower_copy(std::string(signed_headers)), ';');
  if (claim.signed_headers.size() > kSignedHeadersMax) return incomplete("Too many 'SignedHeaders' in the AWS Authorization.");
  if (std::ranges::find(claim.signed_headers, "host") == claim.signed_headers.end()) {
    return invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  if (claim.timestamp.substr(0, 8) != claim.scope.date) {
    return invalid(fmt::format("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{}', from '{}'.",
                               claim.scope.date, claim.timestamp.substr(0, 8), claim.timestamp));
  }
  return claim;
}

std::expected<SignatureClaim, SigFailure> header_claim(const Request& request, const std::string& authorization) {
  auto parts = parse_authorization(authorization);
  if (!parts) return Failure(std::move(parts).error());
  const std::string* date = request.fields.find("x-amz-date");
  if (date == nullptr) date = request.fields.find("date");
  std::string missing;
  for (const char* name : {"Credential", "Signature", "SignedHeaders"}) {
    if (!parts->contains(name)) missing += fmt::format("Authorization header requires '{}' parameter. ", name);
  }
  if (date == nullptr) missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  if (!missing.empty()) {
    return incomplete(
        fmt::format("{}(Hashed with SHA-256 and encoded with Base64) Authorization={}", missing, to_base64(bytes_of(sha256(authorization)))));
  }
  const auto time = parse_date(*date);
  if (!time) return incomplete(fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'. See http://en.wikipedia.org/wiki/ISO_8601", *date));
  auto scope = parse_credential((*parts)["Credential"]);
  if (!scope) return Failure(std::move(scope).error());
  return finish({.scope = std::move(*scope),
                 .signed_headers = {},
                 .signature = (*parts)["Signature"],
                 .timestamp = iso8601_basic(*time),
                 .time = *time,
                 .expires = std::nullopt,
                 .payload_hash = std::string(request.fields.get("x-amz-content-sha256"))},
                (*parts)["SignedHeaders"]);
}

std::expected<std::chrono::seconds, SigFailure> parse_expires(std::string_view text) {
  if (text.empty() || !digits(text)) return incomplete("X-Amz-Expires must be a number");
  const auto value = digits(text.substr(0, 9));
  const std::chrono::seconds expires(text.size() > 9 ? kExpiresMax.count() + 1 : *value);
  if (expires.count() == 0) return incomplete("X-Amz-Expires must be positive");
  if (expires > kExpiresMax) {
    return incomplete("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds");
  }
  return expires;
}

std::expected<SignatureClaim, SigFailure> query_claim(const Request& request, Parts& parameters) {
  for (const char* name : {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"}) {
    if (!parameters.contains(name)) {
      return incomplete(fmt::format("AWS query-string parameters must include '{}'. Re-examine the query-string parameters.", name));
    }
  }
  if (parameters["X-Amz-Algorithm"] != kAlgorithm) {
    return incomplete(fmt::format("Unsupported AWS 'algorithm': '{}'.", parameters["X-Amz-Algorithm"]));
  }
  const std::string& date = parameters["X-Amz-Date"];
  const auto time = parse_basic(date);
  if (!time) return incomplete(fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'. See http://en.wikipedia.org/wiki/ISO_8601", date));
  auto scope = parse_credential(parameters["X-Amz-Credential"]);
  if (!scope) return Failure(std::move(scope).error());
  auto expires = parse_expires(parameters["X-Amz-Expires"]);
  if (!expires) return Failure(std::move(expires).error());
  std::string payload_hash = parameters["X-Amz-Content-Sha256"];
  if (payload_hash.empty()) payload_hash = request.fields.get("x-amz-content-sha256");
  return finish({.scope = std::move(*scope),
                 .signed_headers = {},
                 .signature = parameters["X-Amz-Signature"],
                 .timestamp = date,
                 .time = *time,
                 .expires = *expires,
                 .payload_hash = std::move(payload_hash)},
                parameters["X-Amz-SignedHeaders"]);
}

Parts query_parameters(const Request& request) {
  Parts parts;
  for (auto& [name, value] : parse_query(request.query)) {
    if (name.starts_with("X-Amz-")) parts.emplace(std::move(name), std::move(value));  // the first of a name
  }
  return parts;
}

}  // namespace

std::string iso8601_basic(WallTime time) { return fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(static_cast<std::time_t>(unix_millis(time) / 1000))); }

std::expected<SignatureClaim, SigFailure> read_claim(const Request& request) {
  if (const std::string* authorization = request.fields.find("authorization")) return header_claim(request, *authorization);
  Parts parameters = query_parameters(request);
  if (!parameters.contains("X-Amz-Signature") && !parameters.contains("X-Amz-Credential") && !parameters.contains("X-Amz-Algorithm")) {
    return Failure({SigError::missing_token, "Missing Authentication Token"});
  }
  return query_claim(request, parameters);
}

std::optional<SignatureScope> signature_scope(const Request& request) {
  std::string credential;
  if (const std::string* authorization = request.fields.find("authorization")) {
    auto parts = parse_authorization(*authorization);
    if (parts && authorization->starts_with(kAlgorithm)) credential = (*parts)["Credential"];
  } else if (request.query.find("X-Amz-Credential") != std::string::npos) {
    credential = query_parameters(request)["X-Amz-Credential"];
  }
  auto scope = parse_credential(credential);
  if (!scope) return std::nullopt;
  return std::move(*scope);
}

}  // namespace wick::http
