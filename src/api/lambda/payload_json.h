#pragma once
// Whether an invocation's payload is JSON, and if not, why: in the words of the parser that AWS uses (Jackson), which clients see.
#include <optional>
#include <string>
#include <string_view>

namespace wick::api::lambda {

// nullopt when it is one JSON value. Else "Could not parse payload into json: ..." with line and column. Keeps nothing, builds nothing:
// the payload goes on to the function as it came.
std::optional<std::string> why_not_json(std::string_view payload);

}  // namespace wick::api::lambda
