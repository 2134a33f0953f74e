// SigV4: the Authorization header, the presigned query and the canonical request, before anybody is known to be who they say.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/sigv4.h"

namespace {

const wick::http::Credential kCredential{.access_key_id = "A", .secret_access_key = "secret"};
const wick::WallTime kNow{std::chrono::seconds(1'767'323'045)};  // 20260102T030405Z

std::optional<std::string> secret_of(std::string_view key) {
  if (key != kCredential.access_key_id) return std::nullopt;
  return kCredential.secret_access_key;
}

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace

// The first line is the target, then come "Name:value" lines, an empty line, and the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  wick::http::Request request;
  request.method = "POST";
  request.target = "/" + std::string(take_line(text));
  const auto question = request.target.find('?');
  request.path = request.target.substr(0, question);
  if (question != std::string::npos) request.query = request.target.substr(question + 1);
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    const auto colon = std::min(line.find(':'), line.size());
    if (line.substr(0, colon).find_first_of(";,= \t\r") != std::string_view::npos) continue;  // the server lets no such name in
    request.fields.add(std::string(line.substr(0, colon)), std::string(line.substr(std::min(colon + 1, line.size()))));
  }
  request.body = text;

  (void)wick::http::signature_scope(request);
  if (wick::http::verify_sigv4(request, secret_of, kNow)) std::abort();  // a forged signature
  request.fields.set("Host", "localhost");
  wick::http::sign_sigv4(request, kCredential, "us-east-1", "lambda", kNow);
  if (!wick::http::verify_sigv4(request, secret_of, kNow)) std::abort();
  return 0;
}
