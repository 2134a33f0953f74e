#pragma once
// One call of an operation, as its handler sees it.
//
// A handler runs on a pool thread, so it may block: it reads and writes the registry and the blob store. What belongs to the event
// loop (the engine, activations) it leaves to then(), which runs on the loop once the handler has succeeded, before the reply.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>

#include "api/lambda/errors.h"
#include "blob/store.h"
#include "function/json_fields.h"
#include "function/packages.h"
#include "function/registry.h"
#include "function/runtimes.h"
#include "invoke/engine.h"

namespace wick::api::lambda {

class Activations;

struct LambdaOptions {
  std::string public_url;    // http://HOST:PORT that links begin with; empty for the Host that each caller used
  std::string token_secret;  // signs links to packages
  function::ConcurrencyLimits limits;
};

using Output = ApiResult<boost::json::object>;

struct Call {
  const boost::json::object& input;
  std::string base_url;  // http://HOST:PORT
  const LambdaOptions& options;
  const Clock& clock;
  function::Registry& registry;
  blob::Store& blobs;
  const function::Runtimes& runtimes;
  invoke::Engine& engine;    // only within then()
  Activations& activations;  // only within then()
  std::vector<std::function<void(boost::json::object& output)>> on_loop;

  void then(std::function<void(boost::json::object& output)> work) { on_loop.push_back(std::move(work)); }
};

// The engine lets go of the instances of everything that the function no longer has.
void retire_after(Call& call, const function::FunctionName& name);

// A list's MaxItems, or how many AWS gives by default and at most.
inline std::size_t max_items(const boost::json::object& input, std::size_t most = 50) {
  const auto asked = function::number<std::size_t>(input, "MaxItems", most);
  return asked < most ? asked : most;
}

inline boost::json::value next_marker(const std::string& marker) { return marker.empty() ? boost::json::value() : boost::json::value(marker); }

}  // namespace wick::api::lambda
