#pragma once
// How AWS prints a value in an error: Java's toString. [a, b], {key=value}, Name(member=value, other=null), -1.0
#include <cstddef>
#include <string>

#include <boost/json/value.hpp>

#include "http/aws/shape.h"

namespace wick::http::aws {

std::string java_double(double value);
// At most about bytes_max bytes; a longer value ends in "...".
std::string java_text(const Shape& shape, const boost::json::value& value, std::size_t bytes_max);

}  // namespace wick::http::aws
