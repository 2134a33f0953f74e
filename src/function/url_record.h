#pragma once
// A function URL as it is stored, under its function and, as a pointer there, under its id.
#include <string>
#include <string_view>

#include "function/registry.h"

namespace wick::function {

std::string to_record(const UrlConfig& config);
Result<UrlConfig> parse_url(std::string_view record);

}  // namespace wick::function
