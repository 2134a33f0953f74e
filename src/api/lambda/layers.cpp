// PublishLayerVersion, GetLayerVersion, GetLayerVersionByArn, DeleteLayerVersion, ListLayers, ListLayerVersions.
#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "api/lambda/code.h"
#include "api/lambda/names.h"
#include "api/lambda/operations.h"
#include "function/version_record.h"

namespace wick::api::lambda {
namespace json = boost::json;
using function::LayerVersion;
using function::member;
using function::object_in;
using function::text;

namespace {

json::object listed(const Call& call, const LayerVersion& layer) {
  json::object out{{"LayerVersionArn", fmt::format("{}:{}", call.registry.layer_arn(layer.layer), layer.number)},
                   {"Version", layer.number},
                   {"Description", layer.description},
                   {"CreatedDate", layer.created}};
  if (!layer.license.empty()) out["LicenseInfo"] = layer.license;
  if (layer.runtimes) out["CompatibleRuntimes"] = function::array_of(*layer.runtimes);
  if (layer.architectures) out["CompatibleArchitectures"] = function::array_of(*layer.architectures);
  return out;
}

json::object whole(const Call& call, const LayerVersion& layer) {
  auto out = listed(call, layer);
  out["LayerArn"] = call.registry.layer_arn(layer.layer);
  out["Content"] = {{"Location", code_location(call, layer.code)}, {"CodeSha256", function::code_sha256(layer.code)}, {"CodeSize", layer.code_size}};
  return out;
}

// The version number an input names. Errors: less than 1.
ApiResult<std::uint64_t> number_of(const Call& call) {
  const auto number = function::number(call.input, "VersionNumber");
  if (number < 1) return invalid_parameter("Layer Version Cannot be less than 1");
  return static_cast<std::uint64_t>(number);
}

auto compatible_with(const json::object& input) {
  return [runtime = text(input, "CompatibleRuntime"), architecture = text(input, "CompatibleArchitecture")](const LayerVersion& layer) {
    const auto fits = [](const std::optional<std::vector<std::string>>& offered, const std::string& wanted) {
      return wanted.empty() || (offered && std::ranges::find(*offered, wanted) != offered->end());
    };
    return fits(layer.runtimes, runtime) && fits(layer.architectures, architecture);
  };
}

}  // namespace

Output publish_layer_version(Call& call) {
  auto code = store_code(call, *object_in(call.input, "Content"));
  if (!code) return std::unexpected(code.error());
  LayerVersion layer;
  layer.layer = layer_name(call.input);
  layer.description = text(call.input, "Description");
  layer.license = text(call.input, "LicenseInfo");
  if (member(call.input, "CompatibleRuntimes") != nullptr) layer.runtimes = function::texts(call.input, "CompatibleRuntimes");
  if (member(call.input, "CompatibleArchitectures") != nullptr) layer.architectures = function::texts(call.input, "CompatibleArchitectures");
  layer.code = code->id;
  layer.code_size = code->size;
  layer.unzipped_bytes = code->unzipped_bytes;
  API_TRY(const auto published, call.registry.publish_layer(std::move(layer)));
  return whole(call, published);
}

Output get_layer_version(Call& call) {
  auto number = number_of(call);
  if (!number) return std::unexpected(number.error());
  API_TRY(const auto layer, call.registry.layer(layer_name(call.input), *number));
  return whole(call, layer);
}

Output get_layer_version_by_arn(Call& call) {
  const auto arn = text(call.input, "Arn");
  const auto layer_arn = arn.substr(0, arn.rfind(':'));
  const auto name = layer_arn.substr(layer_arn.rfind(':') + 1);
  if (layer_arn != call.registry.layer_arn(name)) return not_found("The resource you requested does not exist.");
  API_TRY(const auto layer, call.registry.layer(name, layer_number(arn)));
  return whole(call, layer);
}

Output delete_layer_version(Call& call) {
  auto number = number_of(call);
  if (!number) return std::unexpected(number.error());
  API_CHECK(call.registry.remove_layer(layer_name(call.input), *number));
  return json::object();
}

Output list_layer_versions(Call& call) {
  API_TRY(const auto page,
          call.registry.list_layer_versions(layer_name(call.input), compatible_with(call.input), text(call.input, "Marker"), max_items(call.input)));
  json::array versions;
  for (const auto& layer : page.items) versions.push_back(listed(call, layer));
  return json::object{{"LayerVersions", std::move(versions)}, {"NextMarker", next_marker(page.next_marker)}};
}

Output list_layers(Call& call) {
  API_TRY(const auto page, call.registry.list_layers(compatible_with(call.input), text(call.input, "Marker"), max_items(call.input)));
  json::array layers;
  for (const auto& layer : page.items) {
    layers.push_back(
        {{"LayerName", layer.layer}, {"LayerArn", call.registry.layer_arn(layer.layer)}, {"LatestMatchingVersion", listed(call, layer)}});
  }
  return json::object{{"Layers", std::move(layers)}, {"NextMarker", next_marker(page.next_marker)}};
}

}  // namespace wick::api::lambda
