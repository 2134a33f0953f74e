#include "cli/api.h"

#include <cstdlib>

#include <fmt/core.h>
#include <boost/json.hpp>

#include "base/clock.h"
#include "http/client.h"

namespace wick::cli {
namespace {

std::string variable(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  }
  return {};
}

Errc errc_of(unsigned status) {
  switch (status) {
    case 403:
      return Errc::denied;
    case 404:
      return Errc::not_found;
    case 409:
      return Errc::already_exists;
    case 412:
      return Errc::failed_precondition;
    case 413:
      return Errc::too_large;
    case 429:
      return Errc::throttled;
    default:
      return status >= 500 ? Errc::internal : Errc::invalid_argument;
  }
}

std::unexpected<Error> api_failure(const http::Response& response, std::string_view body) {
  boost::system::error_code broken;
  const boost::json::value value = boost::json::parse(boost::json::string_view(body.data(), body.size()), broken);
  std::string message = broken ? std::string() : text_of(value, "message");
  if (message.empty() && !broken) message = text_of(value, "Message");
  if (message.empty()) message = fmt::format("Wick answered with status {}", response.status);
  if (message.starts_with("Function not found: ")) message += "; `wick ls` lists what there is";
  if (response.status == 403) message += " (set WICK_ACCESS_KEY and WICK_SECRET_KEY to the keys that `wick serve` was given)";
  return fail(errc_of(response.status), std::move(message));
}

const boost::json::value* member_of(const boost::json::value& object, std::string_view member) {
  return object.is_object() ? object.as_object().if_contains(member) : nullptr;
}

}  // namespace

Endpoint Endpoint::from_environment() {
  Endpoint endpoint;
  if (auto url = variable({"WICK_ENDPOINT"}); !url.empty()) endpoint.url = std::move(url);
  if (auto region = variable({"AWS_REGION", "AWS_DEFAULT_REGION"}); !region.empty()) endpoint.region = std::move(region);
  endpoint.credential = {variable({"WICK_ACCESS_KEY", "AWS_ACCESS_KEY_ID"}), variable({"WICK_SECRET_KEY", "AWS_SECRET_ACCESS_KEY"})};
  return endpoint;
}

Result<http::Response> Api::send(std::string_view service, http::Request request, std::function<bool(std::string_view piece)> on_body) const {
  const std::size_t query = request.target.find('?');
  request.path = request.target.substr(0, query);
  request.query = query == std::string::npos ? "" : request.target.substr(query + 1);
  std::string_view host = endpoint_.url;
  host.remove_prefix(std::min(host.size(), host.find("://") == std::string_view::npos ? 0 : host.find("://") + 3));
  request.fields.set("Host", std::string(host.substr(0, host.find('/'))));
  if (!endpoint_.credential.access_key_id.empty()) http::sign_sigv4(request, endpoint_.credential, endpoint_.region, service, Clock::system().now());

  std::string error_body;
  http::FetchOptions options;
  if (on_body) {
    options.on_body = [&](unsigned status, std::string_view piece) {
      if (status < 400) return on_body(piece);
      error_body.append(piece);
      return true;
    };
  }
  auto response = http::fetch(endpoint_.url, request, options);
  if (!response) {
    Error error = std::move(response).error();
    if (error.code == Errc::unavailable)
      error.message += fmt::format("; is Wick running at {}? Start it with `wick serve`, or name another place with --endpoint", endpoint_.url);
    return std::unexpected(std::move(error));
  }
  if (response->status >= 400) return api_failure(*response, on_body ? error_body : response->body);
  return response;
}

Result<boost::json::value> Api::call(std::string_view service, std::string method, std::string target, const boost::json::value& body) const {
  http::Request request;
  request.method = std::move(method);
  request.target = std::move(target);
  if (!body.is_null()) {
    request.fields.set("Content-Type", "application/json");
    request.body = boost::json::serialize(body);
  }
  WICK_TRY(const http::Response response, send(service, std::move(request)));
  if (response.body.empty()) return boost::json::value();
  boost::system::error_code broken;
  boost::json::value value = boost::json::parse(response.body, broken);
  if (broken) return fail(Errc::internal, fmt::format("what answers at {} is not Wick: no JSON came back", endpoint_.url));
  return value;
}

Result<boost::json::value> Api::get_function(const std::string& name) const { return call("lambda", "GET", function_path(name)); }

std::string text_of(const boost::json::value& object, std::string_view member) {
  const auto* value = member_of(object, member);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::int64_t number_of(const boost::json::value& object, std::string_view member) {
  const auto* value = member_of(object, member);
  return value != nullptr && value->is_number() ? value->to_number<std::int64_t>() : 0;
}

double real_of(const boost::json::value& object, std::string_view member) {
  const auto* value = member_of(object, member);
  return value != nullptr && value->is_number() ? value->to_number<double>() : 0;
}

boost::json::array list_of(const boost::json::value& object, std::string_view member) {
  const auto* value = member_of(object, member);
  return value != nullptr && value->is_array() ? value->as_array() : boost::json::array();
}

std::string function_path(const std::string& name, std::string_view rest) {
  return fmt::format("/2015-03-31/functions/{}{}", http::percent_encode(name, http::Slash::encode), rest);
}

}  // namespace wick::cli
