#pragma once
// Custom runtimes: the function brings its own `bootstrap`, which speaks the Lambda Runtime API, and may ask for several invocations at once.
#include <cstdint>
#include <optional>
#include <string_view>

#include "function/version.h"

namespace wick::function {

// The function's own setting of how many calls one instance of it may run at once. Runtime clients read it too: AWS sets it for them where
// it calls them so (Lambda Managed Instances).
inline constexpr const char* kMaxConcurrencyVariable = "AWS_LAMBDA_MAX_CONCURRENCY";
inline constexpr std::uint32_t kMaxConcurrencyLimit = 64;

bool is_custom_runtime(const Version& version);

// A value of the variable; nullopt where it is no number from 1 to the limit.
std::optional<std::uint32_t> parse_max_concurrency(std::string_view value);

// How many calls one instance of the version may run at once: 1, unless its variable says otherwise and its runtime can do that.
std::uint32_t max_concurrency(const Version& version);

}  // namespace wick::function
