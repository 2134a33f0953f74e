#pragma once
// The complete environment of an instance's process (AWS, "Defined runtime environment variables").
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "function/version.h"
#include "invoke/engine.h"

namespace wick::invoke {

inline constexpr std::string_view kOnDemand = "on-demand";
inline constexpr std::string_view kProvisioned = "provisioned-concurrency";
inline constexpr std::string_view kSnapStart = "snap-start";

std::string log_group_of(const function::Version& version);
// 2026/01/02/[VERSION]32 hexadecimal digits, new each time: where one instance's log events go.
std::string new_log_stream(const function::Version& version, WallTime now);

// K=V, sorted. A function's own variables win over all but the reserved ones. initialization: one of those above.
std::vector<std::string> make_environment(const function::Version& version, const EngineOptions& options, const std::string& log_stream,
                                          std::string_view initialization);

// What a template has that knows no function yet, but WICK_TEMPLATE.
std::vector<std::string> make_bare_environment(const function::Version& version);

// What a fork of a template must be told: what is not there already.
std::vector<std::string> environment_beyond(const std::vector<std::string>& there, std::vector<std::string> wanted);

}  // namespace wick::invoke
