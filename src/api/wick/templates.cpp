// GET functions/NAME/templates: whether new instances of each version are forks of a template of its own.
#include <array>

#include "api/wick/json_reply.h"
#include "api/wick/operations.h"
#include "base/worker_pool.h"
#include "function/registry.h"
#include "invoke/engine.h"

namespace wick::api::own {

Reply get_templates(Shared state, std::string function) {
  const auto versions = co_await state->parts.pool.run(
      [&registry = state->parts.registry, function] { return registry.list_versions(function::FunctionName(function), {}, SIZE_MAX); });
  if (!versions) co_return json_reply(versions.error());
  constexpr std::array kStates{"none", "making", "ready", "refused"};
  boost::json::array templates;
  for (const auto& version : versions->items) {
    const invoke::TemplateInfo info = state->parts.engine.template_of(*version);
    templates.push_back(
        boost::json::object{{"version", version->version}, {"state", kStates.at(static_cast<std::size_t>(info.state))}, {"reason", info.reason}});
  }
  co_return json_reply(boost::json::object{{"templates", std::move(templates)}});
}

}  // namespace wick::api::own
