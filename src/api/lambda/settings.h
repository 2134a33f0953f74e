#pragma once
// The members of CreateFunction and UpdateFunctionConfiguration that say how a function runs: what the service model cannot check of
// them, and how they become a Version's.
#include <optional>
#include <vector>

#include "api/lambda/call.h"

namespace wick::api::lambda {

// Runtime: known, still supported, and installed on this machine.
ApiResult<void> check_runtime(const Call& call);
// Environment: its size, and no reserved names.
ApiResult<void> check_environment(const Call& call);
// Layers: few enough, of this region, none twice, all there. nullopt when the input has no Layers.
ApiResult<std::optional<std::vector<function::LayerReference>>> read_layers(Call& call);

// Overwrites what the input gives, but not Layers and code. The input was checked.
void assign_settings(const boost::json::object& input, function::Version& version);

// What must hold of a version as a whole: package and layers together are not too large.
Result<> check_sizes(const function::Version& version);
// ... and its runtime can run as many calls at once on an instance as its environment asks for.
Result<> check_max_concurrency(const function::Version& version);

}  // namespace wick::api::lambda
