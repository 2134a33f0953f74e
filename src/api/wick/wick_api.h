#pragma once
// Wick's own API under /_wick/v1/: what the `wick` command needs beyond the AWS APIs. docs/wick-api.md is the contract.
//
// The caller has been verified (gateway/); package links carry a token of their own, checked here.
// Threads: event loop; what blocks goes to the pool. Owned by daemon/.
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/clock.h"
#include "base/random.h"
#include "http/message.h"

namespace wick {
class WorkerPool;
}
namespace wick::blob {
class Store;
}
namespace wick::function {
class Registry;
class Runtimes;
}  // namespace wick::function
namespace wick::invoke {
class Engine;
}
namespace wick::service::logs {
class Logs;
}
namespace wick::service::usage {
class Usage;
struct Prices;
}  // namespace wick::service::usage

namespace wick::api::own {

// What does not change while the daemon runs.
struct DaemonInfo {
  std::string version;
  WallTime started;
  std::string data;
  std::vector<std::string> listen;   // http://127.0.0.1:4566
  bool privileged = false;           // the warden runs as root
  std::vector<std::string> missing;  // protections that this machine or mode lacks
  bool credentials = false;          // configured, so every request is verified
};

// All outlive the API.
struct Parts {
  WorkerPool& pool;
  blob::Store& blobs;
  function::Registry& registry;
  function::Runtimes& runtimes;
  invoke::Engine& engine;
  service::logs::Logs& logs;
  service::usage::Usage& usage;
  const service::usage::Prices& prices;
  const Clock& clock;
  Random& random;
};

struct State;

class WickApi {
 public:
  WickApi(boost::asio::any_io_executor loop, Parts parts, DaemonInfo info, std::string package_secret);
  ~WickApi();

  boost::asio::awaitable<http::Response> handle(http::Request request);

  // Ends the log streams that followers hold open, which would never end by themselves.
  void stop();

 private:
  std::shared_ptr<State> state_;
};

}  // namespace wick::api::own
