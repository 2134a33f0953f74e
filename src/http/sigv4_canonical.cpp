#include "http/sigv4_canonical.h"

#include <algorithm>

#include <fmt/format.h>
#include <boost/beast/core/string.hpp>

#include "base/digest.h"

namespace wick::http {
namespace {

bool same_name(std::string_view a, std::string_view b) { return boost::beast::iequals({a.data(), a.size()}, {b.data(), b.size()}); }

// Empty and dot segments removed, as RFC 3986, 5.2.4, and AWS on top of it.
std::string normalized_path(std::string_view path) {
  std::vector<std::string_view> kept;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view segment = path.substr(begin, end - begin);
    begin = end + 1;
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      kept.push_back(segment);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string out;
  for (const std::string_view segment : kept) out.append("/").append(segment);
  if (kept.empty() || path.ends_with('/')) out.push_back('/');
  return out;
}

// Every service but S3 signs the path encoded once more than it is sent.
std::string canonical_path(std::string_view path, std::string_view service) {
  if (service == "s3") return percent_encode(percent_decode(path), Slash::keep);
  return percent_encode(normalized_path(path), Slash::keep);
}

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (part.empty()) continue;
    const auto equals = std::min(part.find('='), part.size());
    auto name = percent_encode(percent_decode(part.substr(0, equals)), Slash::encode);
    if (name == "X-Amz-Signature") continue;
    parameters.emplace_back(std::move(name), percent_encode(percent_decode(part.substr(std::min(equals + 1, part.size()))), Slash::encode));
  }
  std::ranges::sort(parameters);
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out.push_back('&');
    out.append(name).append("=").append(value);
  }
  return out;
}

// Trimmed, with each run of blanks inside made one.
void append_folded(std::string& out, std::string_view value) {
  bool gap = false;
  bool empty = true;
  for (const char c : value) {
    if (c == ' ' || c == '\t') {
      gap = !empty;
      continue;
    }
    if (gap) out.push_back(' ');
    gap = false;
    empty = false;
    out.push_back(c);
  }
}

void append_header(std::string& out, const Fields& fields, std::string_view name) {
  out.append(name).append(":");
  bool first = true;
  for (const auto& [field, value] : fields.all()) {
    if (!same_name(field, name)) continue;
    if (!first) out.push_back(',');
    first = false;
    append_folded(out, value);
  }
  out.push_back('\n');
}

// The same for a whole day of requests and four digests of the seven a verification costs: each thread keeps its last.
const Sha256& signing_key(const SignatureScope& scope, std::string_view secret) {
  struct Kept {
    std::string secret, date, region, service;
    Sha256 key{};
  };
  thread_local Kept kept;
  if (kept.secret != secret || kept.date != scope.date || kept.region != scope.region || kept.service != scope.service) {
    kept = {.secret = std::string(secret), .date = scope.date, .region = scope.region, .service = scope.service};
    kept.key = hmac_sha256("AWS4" + kept.secret, kept.date);
    for (const std::string_view part : {std::string_view(kept.region), std::string_view(kept.service), std::string_view("aws4_request")}) {
      kept.key = hmac_sha256(bytes_of(kept.key), part);
    }
  }
  return kept.key;
}

}  // namespace

std::string canonical_request(const Request& request, std::string_view service, std::span<const std::string> signed_headers,
                              std::string_view payload_hash, CanonicalForm form) {
  const std::string_view target = request.target;
  const auto question = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, question);
  const std::string_view query = target.substr(std::min(question + 1, target.size()));
  std::string out = request.method + "\n";
  if (form == CanonicalForm::literal) {
    out.append(path).append("\n").append(query).append("\n");
  } else {
    out.append(canonical_path(path, service)).append("\n").append(canonical_query(query)).append("\n");
  }
  std::string names;
  for (const std::string& name : signed_headers) {
    append_header(out, request.fields, name);
    if (!names.empty()) names.push_back(';');
    names.append(name);
  }
  return out.append("\n").append(names).append("\n").append(payload_hash);
}

std::string signature_of(std::string_view canonical, const SignatureScope& scope, std::string_view secret, std::string_view timestamp) {
  const std::string to_sign = fmt::format("AWS4-HMAC-SHA256\n{}\n{}/{}/{}/aws4_request\n{}", timestamp, scope.date, scope.region, scope.service,
                                          to_hex(bytes_of(sha256(canonical))));
  return to_hex(bytes_of(hmac_sha256(bytes_of(signing_key(scope, secret)), to_sign)));
}

}  // namespace wick::http
