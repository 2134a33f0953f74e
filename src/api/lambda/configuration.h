#pragma once
// A version as the Lambda API shows it: FunctionConfiguration.
#include <string>

#include <boost/json/object.hpp>

#include "api/lambda/call.h"
#include "function/registry.h"

namespace wick::api::lambda {

enum class Shown {
  whole,
  listed,  // without states and runtime version, as AWS's lists have it
};

// SnapStart's OptimizationStatus is Off until one of those below has asked the engine.
boost::json::object configuration(const function::Registry& registry, const function::Version& version, std::string arn, Shown shown = Shown::whole);

// On the loop: On when the version has SnapStart and has, or can have, a template.
void set_optimization(const invoke::Engine& engine, const function::Version& version, boost::json::object& configuration);
// The same once the handler is through, whose output is the configuration.
void optimization_after(Call& call, function::VersionPtr version);

}  // namespace wick::api::lambda
