#pragma once
// Values from the wire to a shape's types and back: from JSON bodies, from the text of labels, parameters and headers.
//
// A value that cannot be its shape's type is a SerializationException, worded as AWS words it. In an object, members are named
// as in the table, null members and unknown ones are gone, blobs are raw bytes, timestamps are seconds since 1970 as numbers.
#include <expected>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "http/aws/shape.h"

namespace wick::http::aws {

template <class T>
using Converted = std::expected<T, std::string>;  // the error is SerializationException's message

Converted<boost::json::value> from_json(const Shape& shape, boost::json::value&& value);
Converted<boost::json::value> from_text(const Shape& shape, std::string text);

boost::json::value to_json(const Shape& shape, const boost::json::value& value);
std::string to_text(const boost::json::value& value);

}  // namespace wick::http::aws
