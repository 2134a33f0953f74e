#pragma once
// A listening socket, bound before privileges are given up, so that root may use ports below 1024.
#include "base/fd.h"
#include "base/result.h"
#include "daemon/config.h"

namespace wick::daemon {

struct Listener {
  UniqueFd socket;  // listening, non-blocking, close-on-exec
  Address address;  // with the real port
};

// Errors: io; the message says what to do about a port that is taken or not allowed.
Result<Listener> bind_listener(const Address& address);

}  // namespace wick::daemon
