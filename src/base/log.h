#pragma once
// The daemon's own log, to standard error (functions' logs are service/logs). spdlog's macros and levels are used as they are:
// spdlog::info("listening on {}", address). Call once, at start; level is trace, debug, info, warning, error or off.
#include <string>

namespace wick {

void set_up_log(const std::string& level);

}  // namespace wick
