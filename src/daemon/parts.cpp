#include "daemon/parts.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/random.h"
#include "gateway/body_limit.h"

namespace wick::daemon {
namespace {

constexpr const char* kAccount = "000000000000";
constexpr std::size_t kPoolThreads = 8;  // mostly waiting for the disk

constexpr std::size_t kMiB = 1024 * 1024;

// For request bodies in memory: a quarter of the machine's, within reason.
std::size_t body_budget() {
  const auto memory = static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return std::clamp(memory / 4, 128 * kMiB, 1024 * kMiB);
}

// n random bytes as 2n hexadecimal digits.
std::string random_hex(std::size_t bytes) {
  std::string raw(bytes, '\0');
  Random::system().fill(std::as_writable_bytes(std::span(raw)));
  return to_hex(raw);
}

// What code in sandboxes signs with: new for each run of the daemon, as no instance outlives it.
http::Credential make_function_key() { return {"ASIAWICK" + random_hex(6), random_hex(20)}; }

api::own::DaemonInfo describe(const Config& config, const Startup& startup) {
  api::own::DaemonInfo info{.version = WICK_VERSION,
                            .started = Clock::system().now(),
                            .data = config.data,
                            .listen = {},
                            .privileged = startup.privileged,
                            .missing = {},
                            .credentials = !config.access_key.empty()};
  for (const Listener& listener : startup.listeners) info.listen.push_back("http://" + to_string(listener.address));
  return info;
}

Result<> open_storage(Parts& parts, const Config& config) {
  WICK_TRY(parts.kv, kv::open_rocksdb(config.data + "/kv"));
  WICK_TRY(parts.blobs, blob::open_local(config.data + "/blob"));
  WICK_TRY(parts.packages, function::Packages::open(config.data, *parts.blobs));
  WICK_TRY(parts.registry, function::Registry::open(*parts.kv, Clock::system(), Random::system(), config.region, kAccount));
  return {};
}

void make_engine(Parts& parts, boost::asio::any_io_executor loop, const Config& config, const http::Credential& function_key) {
  invoke::EngineOptions options;
  options.idle_timeout = config.idle_timeout;
  options.account_concurrency = config.concurrency;
  options.region = config.region;
  options.account = kAccount;
  options.function_access_key = function_key.access_key_id;
  options.function_secret_key = function_key.secret_access_key;
  options.outside_network = config.outside_network;
  parts.engine = std::make_unique<invoke::Engine>(
      loop, *parts.backend, *parts.packages, *parts.pool, Clock::system(), std::move(options),
      [logs = parts.logs.get()](invoke::LogEvent event) { logs->append(std::move(event)); },
      [usage = parts.usage.get()](invoke::UsageRecord record) { usage->append(std::move(record)); });
}

std::unique_ptr<service::usage::Usage> make_usage(boost::asio::any_io_executor loop, const Parts& parts) {
  return std::make_unique<service::usage::Usage>(loop, *parts.pool, *parts.kv, Clock::system(),
                                                 [registry = parts.registry.get()](const function::FunctionName& name) {
                                                   const auto head = registry->head(name);
                                                   return head ? head->tags : function::Tags();
                                                 });
}

void make_gateway(Parts& parts, const Config& config, http::Credential function_key) {
  gateway::Credentials credentials{.operator_key = std::nullopt, .function_key = std::move(function_key)};
  if (!config.access_key.empty()) credentials.operator_key = http::Credential{config.access_key, config.secret_key};
  gateway::Services services{
      .lambda = [api = parts.lambda_api.get()](http::Request request) { return api->handle(std::move(request)); },
      .wick = [api = parts.wick_api.get()](http::Request request) { return api->handle(std::move(request)); },
      .function_url = [api = parts.function_url.get()](std::string url_id,
                                                       http::Request request) { return api->handle(std::move(url_id), std::move(request)); },
      .find_url = [registry = parts.registry.get()](const std::string& url_id) { return registry->find_url(url_id); },
  };
  parts.gateway = std::make_unique<gateway::Gateway>(std::move(services), std::move(credentials), Clock::system(), Random::system());
}

}  // namespace

Result<std::unique_ptr<Parts>> Parts::make(boost::asio::io_context& context, const Config& config, Startup startup,
                                           std::function<void()> on_warden_lost) {
  const boost::asio::any_io_executor loop = context.get_executor();
  auto parts = std::make_unique<Parts>();
  parts->info = describe(config, startup);
  parts->data_lock = std::move(startup.data_lock);
  parts->runtimes = std::move(startup.runtimes);
  WICK_CHECK(open_storage(*parts, config));
  WICK_TRY(parts->prices, service::usage::load_prices(config.data + "/prices.toml"));
  parts->pool = std::make_unique<WorkerPool>(kPoolThreads);

  WICK_TRY(sandbox::ProcessBackend backend, sandbox::open_process_backend(loop, std::move(startup.warden), std::move(on_warden_lost)));
  parts->backend = std::move(backend.backend);
  parts->info.missing = std::move(backend.missing);

  const http::Credential function_key = make_function_key();
  const std::string package_secret = random_hex(32);
  parts->logs = std::make_unique<service::logs::Logs>(loop, *parts->pool, *parts->kv);
  parts->usage = make_usage(loop, *parts);
  make_engine(*parts, loop, config, function_key);
  parts->queue = std::make_unique<event::Queue>(
      loop, *parts->pool, *parts->kv, *parts->registry,
      [engine = parts->engine.get()](invoke::Invocation invocation) { return engine->invoke(std::move(invocation)); }, Clock::system(),
      Random::system());

  parts->lambda_api = std::make_unique<api::lambda::LambdaApi>(
      api::lambda::LambdaParts{loop, *parts->registry, *parts->blobs, *parts->packages, *parts->runtimes, *parts->engine, *parts->queue, *parts->pool,
                               Clock::system(), Random::system()},
      api::lambda::LambdaOptions{.public_url = {}, .token_secret = package_secret, .limits = {.account = config.concurrency}});
  parts->function_url = std::make_unique<api::function_url::FunctionUrl>(loop, *parts->registry, *parts->engine, Clock::system(), Random::system());
  parts->wick_api =
      std::make_unique<api::own::WickApi>(loop,
                                          api::own::Parts{*parts->pool, *parts->blobs, *parts->registry, *parts->runtimes, *parts->engine,
                                                          *parts->logs, *parts->usage, parts->prices, Clock::system(), Random::system()},
                                          parts->info, package_secret);
  make_gateway(*parts, config, function_key);
  const auto handler = [gateway = parts->gateway.get()](http::Request request) { return gateway->handle(std::move(request)); };
  parts->bodies = std::make_shared<http::BodyBudget>(body_budget());
  // Functions get half of it at most: whoever calls from outside finds room.
  parts->engine->set_instance_api(handler, gateway::body_limit, std::make_shared<http::BodyBudget>(body_budget() / 2, parts->bodies));

  WICK_CHECK(parts->lambda_api->start());
  parts->queue->start();
  http::ServerOptions front;
  front.body_limit = gateway::body_limit;
  front.body_budget = parts->bodies;
  parts->server = std::make_unique<http::Server>(loop, handler, std::move(front));
  for (Listener& listener : startup.listeners) WICK_CHECK(parts->server->adopt(std::move(listener.socket)));
  return parts;
}

}  // namespace wick::daemon
