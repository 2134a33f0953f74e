// GET status, GET instances: what the daemon is and what runs in it.
#include <unistd.h>

#include <boost/json/value_from.hpp>

#include "api/wick/json_reply.h"
#include "api/wick/operations.h"
#include "function/registry.h"
#include "invoke/engine.h"

namespace wick::api::own {

http::Response get_status(const State& state) {
  const DaemonInfo& info = state.info;
  return json_reply(boost::json::object{
      {"version", info.version},
      {"pid", getpid()},
      {"started", format_iso8601_zulu(info.started)},
      {"data", info.data},
      {"listen", boost::json::value_from(info.listen)},
      {"region", state.parts.registry.region()},
      {"account", state.parts.registry.account()},
      {"mode", info.privileged ? "privileged" : "rootless"},
      {"missing", boost::json::value_from(info.missing)},
      {"credentials", info.credentials ? "configured" : "any"},
  });
}

http::Response list_instances(const State& state) {
  boost::json::array instances;
  for (const invoke::InstanceInfo& instance : state.parts.engine.instances()) {
    instances.push_back(boost::json::object{
        {"function", instance.function.str()}, {"version", instance.version}, {"instance", instance.instance}, {"state", instance.state}});
  }
  return json_reply(boost::json::object{{"instances", std::move(instances)}});
}

}  // namespace wick::api::own
