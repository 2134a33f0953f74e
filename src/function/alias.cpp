#include "function/alias.h"

#include <boost/json/serialize.hpp>

#include "function/json_fields.h"
#include "function/json_record.h"

namespace wick::function {

std::string to_record(const Alias& alias) {
  boost::json::object weights;
  for (const auto& [version, weight] : alias.weights) weights[version] = weight;
  return boost::json::serialize(boost::json::object{{"name", alias.name},
                                                    {"version", alias.version},
                                                    {"description", alias.description},
                                                    {"weights", std::move(weights)},
                                                    {"revision_id", alias.revision_id}});
}

Result<Alias> parse_alias(std::string_view record) {
  WICK_TRY(const auto object, parse_record(record));
  Alias out{text(object, "name"), text(object, "version"), text(object, "description"), {}, text(object, "revision_id")};
  if (const auto* weights = object_in(object, "weights")) {
    for (const auto& [version, weight] : *weights) out.weights[std::string(version)] = weight.to_number<double>();
  }
  return out;
}

}  // namespace wick::function
