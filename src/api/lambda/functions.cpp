// CreateFunction, GetFunction, GetFunctionConfiguration, UpdateFunctionCode, UpdateFunctionConfiguration, DeleteFunction, ListFunctions.
#include <utility>

#include <fmt/core.h>

#include "api/lambda/activations.h"
#include "api/lambda/code.h"
#include "api/lambda/configuration.h"
#include "api/lambda/names.h"
#include "api/lambda/operations.h"
#include "api/lambda/settings.h"

namespace wick::api::lambda {
namespace json = boost::json;
using function::flag;
using function::member;
using function::object_in;
using function::Publish;
using function::text;
using function::Version;
using function::VersionPtr;

namespace {

constexpr std::size_t kNameMax = 64;
constexpr std::size_t kListMax = 50;  // AWS gives at most 50 functions a page, whatever MaxItems says

Publish publish_of(const Call& call) { return flag(call.input, "Publish") ? Publish::yes : Publish::no; }

// $LATEST too when a version was published with it: the version alone is what was returned.
void activate_after(Call& call, const VersionPtr& version, const function::FunctionName& name) {
  std::vector<VersionPtr> begun = {version};
  if (version->version != function::kLatest) {
    if (auto latest = call.registry.find(name, {})) begun.push_back(std::move(*latest));
  }
  call.then([&activations = call.activations, begun = std::move(begun)](json::object&) {
    for (const auto& one : begun) activations.begin(one);
  });
}

ApiResult<void> check_new(const Call& call) {
  if (text(call.input, "PackageType") == "Image") return invalid_parameter("Wick does not run container images yet: use PackageType Zip");
  if (text(call.input, "Runtime").empty() || text(call.input, "Handler").empty()) {
    return invalid_parameter("Runtime and Handler are mandatory parameters for functions created with deployment packages.");
  }
  return {};
}

function::Tags tags_of(const json::object& input) {
  function::Tags out;
  if (const auto* tags = object_in(input, "Tags")) {
    for (const auto& [key, value] : *tags) out[std::string(key)] = value.is_string() ? std::string(value.get_string()) : std::string();
  }
  return out;
}

void assign_code(const StoredCode& code, const json::object& input, Version& version) {
  version.code = code.id;
  version.code_size = code.size;
  version.code_unzipped_bytes = code.unzipped_bytes;
  if (const auto architectures = function::texts(input, "Architectures"); !architectures.empty()) version.architecture = architectures[0];
}

}  // namespace

void retire_after(Call& call, const function::FunctionName& name) {
  auto keep = call.registry.generations(name);
  if (!keep) return;  // instances of what is gone end by themselves when they have been idle
  call.then([&engine = call.engine, name, keep = std::move(*keep)](json::object&) { engine.retire(name, keep); });
}

Output create_function(Call& call) {
  auto who = parse_name(call.registry, text(call.input, "FunctionName"));
  if (!who) return std::unexpected(who.error());
  if (who->name.str().size() > kNameMax) {
    return invalid_parameter(
        fmt::format("1 validation error detected: Value '{}' at 'functionName' failed to satisfy constraint: Member must have "
                    "length less than or equal to {}",
                    who->name.str(), kNameMax));
  }
  for (const auto check : {check_new, check_runtime, check_environment}) {
    if (auto fine = check(call); !fine) return std::unexpected(fine.error());
  }
  auto layers = read_layers(call);
  if (!layers) return std::unexpected(layers.error());
  auto code = store_code(call, *object_in(call.input, "Code"));
  if (!code) return std::unexpected(code.error());

  Version version;
  version.name = who->name;
  assign_settings(call.input, version);
  assign_code(*code, call.input, version);
  if (*layers) version.layers = std::move(**layers);
  API_CHECK(check_sizes(version));
  API_CHECK(check_max_concurrency(version));
  API_TRY(const auto created, call.registry.create(std::move(version), tags_of(call.input), publish_of(call)));
  activate_after(call, created, who->name);
  return configuration(call.registry, *created, call.registry.arn(who->name));
}

Output get_function(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  API_TRY(const auto version, call.registry.find(who->name, who->qualifier));
  API_TRY(const auto head, call.registry.head(who->name));
  json::object out{{"Configuration", configuration(call.registry, *version, call.registry.arn(who->name, who->qualifier))},
                   {"Code", {{"RepositoryType", "S3"}, {"Location", code_location(call, version->code)}}}};
  if (!head.tags.empty()) {
    json::object tags;
    for (const auto& [key, value] : head.tags) tags[key] = value;
    out["Tags"] = std::move(tags);
  }
  call.then([&engine = call.engine, version](json::object& output) { set_optimization(engine, *version, output.at("Configuration").as_object()); });
  if (head.reserved_concurrency) out["Concurrency"] = {{"ReservedConcurrentExecutions", *head.reserved_concurrency}};
  return out;
}

Output get_function_configuration(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  API_TRY(const auto version, call.registry.find(who->name, who->qualifier));
  optimization_after(call, version);
  return configuration(call.registry, *version, call.registry.arn(who->name, who->qualifier));
}

namespace {

// The answer to an update: $LATEST, or the version that was published with it.
Output updated(Call& call, const VersionPtr& version) {
  activate_after(call, version, version->name);
  retire_after(call, version->name);
  const auto qualifier = version->version == function::kLatest ? std::string() : version->version;
  return configuration(call.registry, *version, call.registry.arn(version->name, qualifier));
}

}  // namespace

Output update_function_code(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  API_TRY(const auto latest, call.registry.find(who->name, {}));
  if (member(call.input, "ImageUri") != nullptr) {
    return invalid_parameter("Please don't provide ImageUri when updating a function with packageType Zip.");
  }
  auto code = store_code(call, call.input);
  if (!code) return std::unexpected(code.error());
  const auto change = [&](Version& version) -> Result<> {
    assign_code(*code, call.input, version);
    return check_sizes(version);
  };
  if (flag(call.input, "DryRun")) {
    auto would_be = *latest;
    API_CHECK(change(would_be));
    return configuration(call.registry, would_be, call.registry.arn(who->name));
  }
  API_TRY(const auto version, call.registry.update(who->name, text(call.input, "RevisionId"), change, publish_of(call)));
  return updated(call, version);
}

Output update_function_configuration(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  API_CHECK(call.registry.head(who->name));
  for (const auto check : {check_runtime, check_environment}) {
    if (auto fine = check(call); !fine) return std::unexpected(fine.error());
  }
  auto layers = read_layers(call);
  if (!layers) return std::unexpected(layers.error());
  const auto change = [&](Version& version) -> Result<> {
    assign_settings(call.input, version);
    if (*layers) version.layers = **layers;
    WICK_CHECK(check_max_concurrency(version));
    return check_sizes(version);
  };
  API_TRY(const auto version, call.registry.update(who->name, text(call.input, "RevisionId"), change, Publish::no));
  return updated(call, version);
}

namespace {

// The engine forgets the function: what it had reserved and provisioned, and every instance.
void forget_after(Call& call, const function::FunctionName& name, std::vector<VersionPtr> provisioned) {
  call.then([&engine = call.engine, name, provisioned = std::move(provisioned)](json::object&) {
    engine.set_reserved_concurrency(name, std::nullopt);
    for (const auto& version : provisioned) engine.set_provisioned_concurrency(version, 0);
    engine.retire(name, {});
  });
}

Result<std::vector<VersionPtr>> provisioned_versions(Call& call, const function::FunctionName& name) {
  std::vector<VersionPtr> out;
  WICK_TRY(const auto all, call.registry.list_provisioned(name, {}, SIZE_MAX));
  for (const auto& one : all.items) {
    WICK_TRY(auto version, call.registry.find(name, one.version));
    out.push_back(std::move(version));
  }
  return out;
}

Output delete_version(Call& call, const Named& who) {
  if (who.qualifier == function::kLatest) return invalid_parameter("$LATEST version cannot be deleted without deleting the function.");
  const bool numbered = who.qualifier.find_first_not_of("0123456789") == std::string::npos;
  if (!numbered && who.qualifier.find('$') == std::string::npos) return invalid_parameter("Deletion of aliases is not currently supported.");
  const auto version = call.registry.find(who.name, who.qualifier);
  API_CHECK(call.registry.remove_version(who.name, who.qualifier));
  if (version) {
    call.then([&engine = call.engine, gone = *version](json::object&) { engine.set_provisioned_concurrency(gone, 0); });
  }
  retire_after(call, who.name);
  return json::object{{"StatusCode", 204}};
}

}  // namespace

Output delete_function(Call& call) {
  auto who = named(call.registry, call.input);
  if (!who) return std::unexpected(who.error());
  if (!who->qualifier.empty()) return delete_version(call, *who);
  API_TRY(auto provisioned, provisioned_versions(call, who->name));
  API_CHECK(call.registry.remove(who->name));
  forget_after(call, who->name, std::move(provisioned));
  return json::object{{"StatusCode", 204}};
}

Output list_functions(Call& call) {
  const auto which = text(call.input, "FunctionVersion") == "ALL" ? function::Which::all : function::Which::latest;
  API_TRY(const auto page, call.registry.list(which, text(call.input, "Marker"), max_items(call.input, kListMax)));
  json::array functions;
  for (const auto& version : page.items) {
    auto arn = call.registry.arn(version->name, which == function::Which::all ? version->version : std::string());
    functions.push_back(configuration(call.registry, *version, std::move(arn), Shown::listed));
  }
  return json::object{{"Functions", std::move(functions)}, {"NextMarker", next_marker(page.next_marker)}};
}

}  // namespace wick::api::lambda
