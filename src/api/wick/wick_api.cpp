#include "api/wick/wick_api.h"

#include <vector>

#include <fmt/format.h>
#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>

#include "api/wick/json_reply.h"
#include "api/wick/operations.h"

namespace wick::api::own {
namespace {

constexpr std::string_view kPrefix = "/_wick/v1/";

// The decoded segments of the path below /_wick/v1/.
std::vector<std::string> segments(const std::string& path) {
  std::vector<std::string> found;
  if (!path.starts_with(kPrefix)) return found;
  const std::string rest = path.substr(kPrefix.size());
  boost::split(found, rest, boost::is_any_of("/"));
  for (std::string& segment : found) segment = http::percent_decode(segment);
  return found;
}

}  // namespace

WickApi::WickApi(boost::asio::any_io_executor loop, Parts parts, DaemonInfo info, std::string package_secret)
    : state_(std::make_shared<State>(State{parts, std::move(info), std::move(package_secret),
                                           boost::asio::steady_timer(loop, boost::asio::steady_timer::time_point::max()), false})) {}

WickApi::~WickApi() = default;

void WickApi::stop() {
  state_->stopped = true;
  state_->stopping.cancel();
}

boost::asio::awaitable<http::Response> WickApi::handle(http::Request request) {
  const Shared state = state_;
  const std::vector<std::string> path = segments(request.path);
  const auto is = [&request, &path](std::string_view method, std::initializer_list<std::string_view> form) {
    return request.method == method &&
           std::ranges::equal(path, form, [](const std::string& segment, std::string_view wanted) { return wanted == "*" || segment == wanted; });
  };
  if (is("GET", {"status"})) co_return get_status(*state);
  if (is("GET", {"instances"})) co_return list_instances(*state);
  if (is("GET", {"runtimes"})) co_return co_await list_runtimes(state);
  if (is("POST", {"runtimes", "install"})) co_return co_await install_runtime(state, std::move(request));
  if (is("POST", {"runtimes", "add"})) co_return co_await add_runtime(state, std::move(request));
  if (is("GET", {"functions", "*", "logs"})) co_return co_await get_logs(state, path[1], std::move(request));
  if (is("GET", {"functions", "*", "templates"})) co_return co_await get_templates(state, path[1]);
  if (is("GET", {"usage"})) co_return co_await get_usage(state, std::move(request));
  if (is("GET", {"calls", "*"})) co_return co_await get_call(state, path[1]);
  if (is("GET", {"packages", "*"})) co_return co_await get_package(state, path[1], std::move(request));
  co_return json_reply(
      Error{Errc::not_found, fmt::format("{} {} is not an operation of Wick's API: docs/wick-api.md lists them", request.method, request.path)});
}

}  // namespace wick::api::own
