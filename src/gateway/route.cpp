#include "gateway/route.h"

#include <algorithm>

#include <boost/algorithm/string/case_conv.hpp>

namespace wick::gateway {
namespace {

constexpr std::string_view kUrlPath = "/_wick/url/";
constexpr std::string_view kWickPath = "/_wick/";

// /2015-03-31/..., as every version of the Lambda API begins.
bool starts_with_date(std::string_view path) {
  constexpr std::string_view kForm = "/dddd-dd-dd/";
  return path.size() >= kForm.size() &&
         std::equal(kForm.begin(), kForm.end(), path.begin(), [](char form, char c) { return form == 'd' ? c >= '0' && c <= '9' : c == form; });
}

std::string_view url_id_of_host(std::string_view name) {
  const std::size_t dot = name.find('.');
  const bool is_url = dot != std::string_view::npos && dot > 0 && name.substr(dot).starts_with(".lambda-url.");
  return is_url ? name.substr(0, dot) : std::string_view();
}

}  // namespace

std::string host_name(std::string_view host) {
  if (host.starts_with('[')) return std::string(host.substr(1, host.find(']') - 1));
  return boost::algorithm::to_lower_copy(std::string(host.substr(0, host.find(':'))));
}

Route route_of(const http::Request& request) {
  if (const std::string name = host_name(request.fields.get("host")); !url_id_of_host(name).empty()) {
    return {Service::function_url, std::string(url_id_of_host(name)), 0};
  }
  const std::string_view path = request.path;
  if (path.starts_with(kUrlPath)) {
    const std::string_view rest = path.substr(kUrlPath.size());
    const std::string_view id = rest.substr(0, rest.find('/'));
    return {Service::function_url, std::string(id), kUrlPath.size() + id.size()};
  }
  if (path.starts_with(kWickPath)) return {Service::wick, {}, 0};
  if (starts_with_date(path)) return {Service::lambda, {}, 0};
  return {};
}

}  // namespace wick::gateway
