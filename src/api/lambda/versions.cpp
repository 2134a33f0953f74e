// PublishVersion, ListVersionsByFunction.
#include <utility>

#include "api/lambda/activations.h"
#include "api/lambda/configuration.h"
#include "api/lambda/names.h"
#include "api/lambda/operations.h"

namespace wick::api::lambda {
namespace json = boost::json;
using function::text;

Output publish_version(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  function::PublishRequest request{std::nullopt, text(call.input, "CodeSha256"), text(call.input, "RevisionId")};
  if (function::member(call.input, "Description") != nullptr) request.description = text(call.input, "Description");
  API_TRY(const auto version, call.registry.publish(who->name, request));
  if (version->state == function::State::pending) {
    call.then([&activations = call.activations, version](json::object&) { activations.begin(version); });
  } else {
    call.then([&engine = call.engine, version](json::object&) { engine.expect(version); });
  }
  optimization_after(call, version);
  return configuration(call.registry, *version, call.registry.arn(who->name, version->version));
}

Output list_versions_by_function(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  API_TRY(const auto page, call.registry.list_versions(who->name, text(call.input, "Marker"), max_items(call.input)));
  json::array versions;
  for (const auto& version : page.items) {
    versions.push_back(configuration(call.registry, *version, call.registry.arn(who->name, version->version), Shown::listed));
  }
  call.then([&engine = call.engine, items = page.items](json::object& output) {
    json::array& shown = output.at("Versions").as_array();
    for (std::size_t i = 0; i < items.size(); ++i) set_optimization(engine, *items[i], shown[i].as_object());
  });
  return json::object{{"Versions", std::move(versions)}, {"NextMarker", next_marker(page.next_marker)}};
}

}  // namespace wick::api::lambda
