#pragma once
// Keeps web pages out of an API that answers unsigned requests on loopback. A page that the operator happens to visit can make the
// browser send requests to 127.0.0.1, directly (it then names its Origin, or Sec-Fetch-Site) or under a name of its own that
// resolves to 127.0.0.1 (DNS rebinding: the Host is then that name). Programs that are not browsers send none of these.
#include <optional>
#include <string>

#include "http/message.h"

namespace wick::gateway {

// Why the request is refused, and what to do; nullopt if it may pass.
std::optional<std::string> browser_refusal(const http::Request& request);

// The same for what may be called under any name (function URLs): Origin and Sec-Fetch-Site alone.
std::optional<std::string> page_refusal(const http::Request& request);

}  // namespace wick::gateway
