#pragma once
// Parsing a stored record back into a JSON object.
#include <string_view>

#include <boost/json/parse.hpp>

#include "base/result.h"

namespace wick::function {

inline Result<boost::json::object> parse_record(std::string_view record) {
  boost::system::error_code ec;
  auto value = boost::json::parse(record, ec);
  if (ec || !value.is_object()) return fail(Errc::internal, "a stored record cannot be read");
  return std::move(value.get_object());
}

}  // namespace wick::function
