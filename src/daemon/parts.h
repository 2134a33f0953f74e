#pragma once
// The parts in the order in which each needs the ones before it; they go in the reverse order.
//
// Everything here is used on the event loop, except what says that it is thread-safe.
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "api/function_url/function_url.h"
#include "api/lambda/lambda_api.h"
#include "api/wick/wick_api.h"
#include "base/fd.h"
#include "base/result.h"
#include "base/worker_pool.h"
#include "blob/store.h"
#include "daemon/config.h"
#include "daemon/startup.h"
#include "event/queue.h"
#include "function/packages.h"
#include "function/registry.h"
#include "function/runtimes.h"
#include "gateway/gateway.h"
#include "http/server.h"
#include "invoke/engine.h"
#include "kv/store.h"
#include "sandbox/backend.h"
#include "service/logs/logs.h"
#include "service/usage/prices.h"
#include "service/usage/usage.h"

namespace wick::daemon {

struct Parts {
  UniqueFd data_lock;
  std::unique_ptr<function::Runtimes> runtimes;
  std::unique_ptr<kv::Store> kv;
  std::unique_ptr<blob::Store> blobs;
  std::unique_ptr<function::Packages> packages;
  std::unique_ptr<function::Registry> registry;
  std::unique_ptr<WorkerPool> pool;
  std::unique_ptr<sandbox::Backend> backend;
  std::unique_ptr<service::logs::Logs> logs;
  service::usage::Prices prices;
  std::unique_ptr<service::usage::Usage> usage;
  std::unique_ptr<invoke::Engine> engine;
  std::unique_ptr<event::Queue> queue;
  std::unique_ptr<api::lambda::LambdaApi> lambda_api;
  std::unique_ptr<api::function_url::FunctionUrl> function_url;
  std::unique_ptr<api::own::WickApi> wick_api;
  std::unique_ptr<gateway::Gateway> gateway;
  std::shared_ptr<http::BodyBudget> bodies;  // of all servers
  std::unique_ptr<http::Server> server;
  api::own::DaemonInfo info;

  // The event queue has begun and the listeners accept when this returns. on_warden_lost is called at most once, on the loop.
  static Result<std::unique_ptr<Parts>> make(boost::asio::io_context& loop, const Config& config, Startup startup,
                                             std::function<void()> on_warden_lost);
};

}  // namespace wick::daemon
