#include "gateway/body_limit.h"

#include <re2/re2.h>

#include "gateway/route.h"

namespace wick::gateway {
namespace {

constexpr std::size_t kMiB = 1024 * 1024;
constexpr std::size_t kCall = 8 * kMiB;      // of 6 MiB: invocations and function URLs
constexpr std::size_t kUpload = 96 * kMiB;   // of 70,167,211 bytes: code and layers
constexpr std::size_t kAnythingElse = kMiB;  // a policy, an environment, a configuration

}  // namespace

std::size_t body_limit(const http::Request& head) {
  static const RE2 call(R"(/[\d-]+/functions/[^/]+/(invocations|response-streaming-invocations|invoke-async)/?)");
  static const RE2 upload(R"(POST /[\d-]+/functions/?|PUT /[\d-]+/functions/[^/]+/code/?|POST /[\d-]+/layers/[^/]+/versions/?)");
  const Service service = route_of(head).service;
  if (service == Service::function_url) return kCall;
  if (service != Service::lambda) return kAnythingElse;
  if (RE2::FullMatch(head.path, call)) return kCall;
  return RE2::FullMatch(head.method + " " + head.path, upload) ? kUpload : kAnythingElse;
}

}  // namespace wick::gateway
