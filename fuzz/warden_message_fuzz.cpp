// The warden's side of its socket: whatever the daemon sends, form and rules are checked without a fault, and what passes is what
// encode() writes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <string_view>
#include <variant>
#include <vector>

#include "sandbox/warden/message.h"
#include "sandbox/warden/rules.h"

namespace {

using namespace wick::sandbox::warden;

// What passed leads into file names and an environment: no name has a separator, each string ends where its view does.
void expect_harmless(std::initializer_list<std::string_view> names, const std::vector<std::string_view>& environment) {
  for (const std::string_view name : names) {
    if (name.find('/') != name.npos || name.find("..") != name.npos) std::abort();
  }
  for (const std::string_view entry : environment) {
    if (entry.data()[entry.size()] != '\0') std::abort();
  }
}

void take_request(std::string_view packet) {
  const auto request = decode_request(packet);
  if (!request) return;
  if (encode(*request) != packet) std::abort();
  if (const auto* boot = std::get_if<Boot>(&*request); boot != nullptr && check(*boot))
    expect_harmless({boot->id, boot->runtime, boot->package, boot->layers}, boot->environment);
  if (const auto* fork = std::get_if<Fork>(&*request); fork != nullptr && check(*fork))
    expect_harmless({fork->id, fork->origin, fork->package, fork->layers}, fork->environment);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view packet(reinterpret_cast<const char*>(data), size);
  take_request(packet);
  if (const auto reply = decode_reply(packet); reply && encode(*reply) != packet) std::abort();
  return 0;
}
