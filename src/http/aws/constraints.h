#pragma once
// Checks an input against its shape and words what is wrong as AWS does.
//
// A scalar element of a list or map is reported at the whole list or map; a structure within a list at its own path,
// targets.1.member.id. A string that breaks several constraints is reported for each: pattern, then enum, then length.
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "http/aws/shape.h"

namespace wick::http::aws {

// At most this many are collected and this much of a value is quoted; AWS sets no bound, memory does.
inline constexpr std::size_t violations_max = 100;
inline constexpr std::size_t quoted_bytes_max = 16 * 1024;

// "Value 'x' at 'functionName' failed to satisfy constraint: Member must ...", in member order; empty if all is well.
std::vector<std::string> violations(const Shape& structure, const boost::json::object& input);

// "2 validation errors detected: Value ...; Value ..."
std::string validation_message(const std::vector<std::string>& violations);

// "[Member must have length less than or equal to 10, ...]" with `last` added unless it is empty.
std::string constraint_list(const Shape& shape, std::string_view last);

}  // namespace wick::http::aws
