// GET runtimes, POST runtimes/install, POST runtimes/add.
#include <algorithm>

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include "api/wick/json_reply.h"
#include "api/wick/operations.h"
#include "base/worker_pool.h"
#include "function/runtimes.h"

namespace wick::api::own {
namespace {

boost::json::object to_json(const function::Runtime& runtime) {
  constexpr std::array kKinds{"node", "python", "provided"};
  return {{"name", runtime.name}, {"kind", kKinds.at(static_cast<std::size_t>(runtime.kind))}, {"version", runtime.version}, {"root", runtime.root}};
}

// The one text member of a body like {"name": "nodejs24.x"}.
Result<std::string> text_member(const std::string& body, std::string_view member) {
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(body, error);
  const boost::json::object* object = error ? nullptr : value.if_object();
  const boost::json::value* text = object == nullptr ? nullptr : object->if_contains(member);
  if (text == nullptr || !text->is_string() || text->get_string().empty()) {
    return fail(Errc::invalid_argument, fmt::format(R"(the body must be a JSON object with a text "{}")", member));
  }
  return std::string(text->get_string());
}

http::Response reply(const Result<function::Runtime>& runtime) { return runtime ? json_reply(to_json(*runtime)) : json_reply(runtime.error()); }

}  // namespace

Reply list_runtimes(Shared state) {
  const std::vector<function::Runtime> present = co_await state->parts.pool.run([runtimes = &state->parts.runtimes] { return runtimes->all(); });
  boost::json::array found;
  for (const function::Runtime& runtime : present) found.push_back(to_json(runtime));
  boost::json::array installable;
  for (const auto* names : {&function::known_runtime_names(), &function::announced_runtime_names()}) {
    for (const std::string& name : *names) {
      const bool is_old = name < "nodejs20";
      if (name.starts_with("nodejs") && !is_old && std::ranges::find(present, name, &function::Runtime::name) == present.end())
        installable.emplace_back(name);
    }
  }
  co_return json_reply(boost::json::object{{"runtimes", std::move(found)}, {"installable", std::move(installable)}});
}

Reply install_runtime(Shared state, http::Request request) {
  const Result<std::string> name = text_member(request.body, "name");
  if (!name) co_return json_reply(name.error());
  co_return reply(co_await state->parts.pool.run([runtimes = &state->parts.runtimes, wanted = *name] { return runtimes->install(wanted); }));
}

Reply add_runtime(Shared state, http::Request request) {
  const Result<std::string> root = text_member(request.body, "root");
  if (!root) co_return json_reply(root.error());
  co_return reply(co_await state->parts.pool.run([runtimes = &state->parts.runtimes, wanted = *root] { return runtimes->add(wanted); }));
}

}  // namespace wick::api::own
