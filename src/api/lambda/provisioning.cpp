#include "api/lambda/provisioning.h"

#include <algorithm>
#include <utility>

namespace wick::api::lambda {

Result<std::vector<function::Provisioned>> provisioned_now(Call& call, const function::FunctionName& name) {
  WICK_TRY(auto page, call.registry.list_provisioned(name, {}, SIZE_MAX));
  return std::move(page.items);
}

Result<> provision_after(Call& call, const function::FunctionName& name, const std::vector<function::Provisioned>& before) {
  WICK_TRY(const auto after, provisioned_now(call, name));
  std::vector<std::pair<function::VersionPtr, std::uint32_t>> settings;
  for (const auto& old : before) {
    if (std::ranges::find(after, old.version, &function::Provisioned::version) != after.end()) continue;
    if (auto version = call.registry.find(name, old.version)) settings.emplace_back(std::move(*version), 0);
  }
  for (const auto& now : after) {
    WICK_TRY(auto version, call.registry.find(name, now.version));
    settings.emplace_back(std::move(version), now.requested);
  }
  call.then([&engine = call.engine, settings = std::move(settings)](boost::json::object&) {
    for (const auto& [version, count] : settings) engine.set_provisioned_concurrency(version, count);
  });
  return {};
}

}  // namespace wick::api::lambda
