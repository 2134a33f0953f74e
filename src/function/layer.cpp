#include "function/layer.h"

#include <boost/json/serialize.hpp>

#include "function/json_fields.h"
#include "function/json_record.h"

namespace wick::function {
namespace json = boost::json;

std::string to_record(const LayerVersion& layer) {
  json::object out{{"layer", layer.layer},
                   {"number", layer.number},
                   {"description", layer.description},
                   {"license", layer.license},
                   {"code", layer.code.str()},
                   {"code_size", layer.code_size},
                   {"unzipped_bytes", layer.unzipped_bytes},
                   {"created", layer.created},
                   {"policy", to_record(layer.policy)}};
  if (layer.runtimes) out["runtimes"] = array_of(*layer.runtimes);
  if (layer.architectures) out["architectures"] = array_of(*layer.architectures);
  return json::serialize(out);
}

Result<LayerVersion> parse_layer(std::string_view record) {
  WICK_TRY(const auto object, parse_record(record));
  LayerVersion out;
  out.layer = text(object, "layer");
  out.number = number<std::uint64_t>(object, "number");
  out.description = text(object, "description");
  out.license = text(object, "license");
  out.code = blob::BlobId(text(object, "code"));
  out.code_size = number<std::uint64_t>(object, "code_size");
  out.unzipped_bytes = number<std::uint64_t>(object, "unzipped_bytes");
  out.created = text(object, "created");
  if (member(object, "runtimes") != nullptr) out.runtimes = texts(object, "runtimes");
  if (member(object, "architectures") != nullptr) out.architectures = texts(object, "architectures");
  WICK_TRY(out.policy, parse_policy(text(object, "policy")));
  return out;
}

}  // namespace wick::function
