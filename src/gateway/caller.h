#pragma once
// Who is calling, and whether they may: SigV4 against the configured credential, or, without one, anybody on loopback.
//
// Code in a sandbox signs with the functions' credential, which works on the instances' own loopback only; requests of the public front
// are never accepted with it.
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "gateway/refusal.h"
#include "http/message.h"
#include "http/sigv4.h"

namespace wick::gateway {

struct Credentials {
  std::optional<http::Credential> operator_key;  // none: any access key is accepted, unsigned requests too
  http::Credential function_key;
};

// service: the name that the signature must be scoped to. Any region is accepted.
std::optional<Refusal> verify_caller(const Credentials& credentials, const http::Request& request, std::string_view service, WallTime now);

}  // namespace wick::gateway
