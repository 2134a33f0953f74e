#pragma once
// How large a request's body may be, by what its head asks for: known before any of the body is in memory. A pure function.
#include <cstddef>

#include "http/message.h"

namespace wick::gateway {

// Bytes. Above AWS's own limit of each operation (api/lambda/lambda.json) by a margin, so that what is a little too large gets AWS's
// own error from its service, and what is far too large does not get into memory.
std::size_t body_limit(const http::Request& head);

}  // namespace wick::gateway
