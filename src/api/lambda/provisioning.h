#pragma once
// Keeping the engine's provisioned instances in step with the registry when something moves: a configuration, or its alias.
#include <vector>

#include "api/lambda/call.h"

namespace wick::api::lambda {

// Which versions of the function hold provisioned concurrency; read once before a change and once, by provision_after(), behind it.
Result<std::vector<function::Provisioned>> provisioned_now(Call& call, const function::FunctionName& name);

// What was before and is no longer ends; what is now is set.
Result<> provision_after(Call& call, const function::FunctionName& name, const std::vector<function::Provisioned>& before);

}  // namespace wick::api::lambda
