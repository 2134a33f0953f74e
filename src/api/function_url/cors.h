#pragma once
// Cross-origin rules of a function URL, applied at the front (Lambda API, "Cors"): preflights are answered here and never reach the
// function, and what is configured replaces what the function says.
#include <optional>

#include "function/registry.h"
#include "http/message.h"

namespace wick::api::function_url {

// The answer, if the request is a preflight.
std::optional<http::Response> answer_preflight(const function::Cors& cors, const http::Request& request);
void apply_cors(const function::Cors& cors, const std::string& origin, http::Response& response);  // origin: of the request; empty for none

}  // namespace wick::api::function_url
