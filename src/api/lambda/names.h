#pragma once
// Which function, version or alias an input names: a plain name, an ARN or a part of one, with the qualifier inside or beside it.
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "api/lambda/errors.h"
#include "function/registry.h"

namespace wick::api::lambda {

struct Named {
  function::FunctionName name;
  std::string qualifier;  // empty when none was given
};

// Reads FunctionName and Qualifier, whose forms the service model has checked. Errors: a qualifier in each that differ, another
// region, another account.
ApiResult<Named> named(const function::Registry& registry, const boost::json::object& input);
ApiResult<Named> parse_name(const function::Registry& registry, std::string_view function_name);

// LayerName of an input: a name or an ARN without version.
std::string layer_name(const boost::json::object& input);
// The number at the end of a layer version's ARN; 0 for none.
std::uint64_t layer_number(std::string_view layer_version_arn);

}  // namespace wick::api::lambda
