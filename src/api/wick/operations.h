#pragma once
// The operations of Wick's own API, one file for each subject.
#include <chrono>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "api/wick/wick_api.h"

namespace wick::api::own {

struct State {
  Parts parts;
  DaemonInfo info;
  std::string package_secret;
  boost::asio::steady_timer stopping;  // never expires; cancelled by stop()
  bool stopped = false;
};

// Operations see the state of an API that may be gone by their end, so each holds it.
using Shared = std::shared_ptr<State>;
using Reply = boost::asio::awaitable<http::Response>;

http::Response get_status(const State& state);
http::Response list_instances(const State& state);
Reply list_runtimes(Shared state);
Reply install_runtime(Shared state, http::Request request);
Reply add_runtime(Shared state, http::Request request);
Reply get_logs(Shared state, std::string function, http::Request request);
Reply get_templates(Shared state, std::string function);
Reply get_usage(Shared state, http::Request request);
Reply get_call(Shared state, std::string request_id);
Reply get_package(Shared state, std::string file, http::Request request);

}  // namespace wick::api::own
