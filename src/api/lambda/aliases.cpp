// CreateAlias, GetAlias, UpdateAlias, DeleteAlias, ListAliases.
#include <utility>

#include "api/lambda/names.h"
#include "api/lambda/operations.h"
#include "api/lambda/provisioning.h"

namespace wick::api::lambda {
namespace json = boost::json;
using function::Alias;
using function::member;
using function::object_in;
using function::text;

namespace {

json::object shown(const Call& call, const function::FunctionName& name, const Alias& alias) {
  json::object out{{"AliasArn", call.registry.arn(name, alias.name)},
                   {"Name", alias.name},
                   {"FunctionVersion", alias.version},
                   {"Description", alias.description},
                   {"RevisionId", alias.revision_id}};
  if (!alias.weights.empty()) {
    json::object weights;
    for (const auto& [version, weight] : alias.weights) weights[version] = weight;
    out["RoutingConfig"] = {{"AdditionalVersionWeights", std::move(weights)}};
  }
  return out;
}

std::map<std::string, double> weights_of(const json::object& routing) {
  std::map<std::string, double> out;
  if (const auto* weights = object_in(routing, "AdditionalVersionWeights")) {
    for (const auto& [version, weight] : *weights) {
      if (weight.is_number()) out[std::string(version)] = weight.to_number<double>();
    }
  }
  return out;
}

}  // namespace

Output create_alias(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  Alias alias{text(call.input, "Name"), text(call.input, "FunctionVersion"), text(call.input, "Description"), {}, {}};
  if (const auto* routing = object_in(call.input, "RoutingConfig")) alias.weights = weights_of(*routing);
  API_TRY(const auto created, call.registry.create_alias(who->name, std::move(alias)));
  return shown(call, who->name, created);
}

Output get_alias(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  API_TRY(const auto alias, call.registry.alias(who->name, text(call.input, "Name")));
  return shown(call, who->name, alias);
}

Output update_alias(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  function::AliasChange change;
  change.revision_id = text(call.input, "RevisionId");
  if (member(call.input, "FunctionVersion") != nullptr) change.version = text(call.input, "FunctionVersion");
  if (member(call.input, "Description") != nullptr) change.description = text(call.input, "Description");
  if (const auto* routing = object_in(call.input, "RoutingConfig")) change.weights = weights_of(*routing);
  const auto before = provisioned_now(call, who->name);
  API_TRY(const auto updated, call.registry.update_alias(who->name, text(call.input, "Name"), change));
  if (before && !before->empty()) API_CHECK(provision_after(call, who->name, *before));
  return shown(call, who->name, updated);
}

Output delete_alias(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  const auto before = provisioned_now(call, who->name);
  API_CHECK(call.registry.remove_alias(who->name, text(call.input, "Name")));
  if (before && !before->empty()) API_CHECK(provision_after(call, who->name, *before));
  return json::object();
}

Output list_aliases(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  API_TRY(const auto page,
          call.registry.list_aliases(who->name, text(call.input, "FunctionVersion"), text(call.input, "Marker"), max_items(call.input)));
  json::array aliases;
  for (const auto& alias : page.items) aliases.push_back(shown(call, who->name, alias));
  return json::object{{"Aliases", std::move(aliases)}, {"NextMarker", next_marker(page.next_marker)}};
}

}  // namespace wick::api::lambda
