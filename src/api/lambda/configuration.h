#pragma once
// A version as the Lambda API shows it: FunctionConfiguration.
#include <string>

#include <boost/json/object.hpp>

#include "function/registry.h"

namespace wick::api::lambda {

enum class Shown {
  whole,
  listed,  // without states and runtime version, as AWS's lists have it
};

boost::json::object configuration(const function::Registry& registry, const function::Version& version, std::string arn, Shown shown = Shown::whole);

}  // namespace wick::api::lambda
