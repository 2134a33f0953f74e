#include "http/aws/service_model.h"

#include <utility>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "http/aws/constraints.h"
#include "http/aws/routes.h"
#include "http/aws/shape.h"
#include "http/aws/utf8.h"
#include "http/aws/values.h"

namespace wick::http::aws {
namespace {

namespace json = boost::json;

using Query = std::vector<std::pair<std::string, std::string>>;

bool has(const Shape& shape, Place place) {
  for (const Member& member : shape.members) {
    if (member.place == place) return true;
  }
  return false;
}

std::unexpected<ApiError> broken(std::string message) { return api_error(400, "SerializationException", std::move(message)); }

ApiResult<json::object> parse_body(const std::string& body) {
  if (body.empty()) return json::object();
  boost::system::error_code failed;
  json::value root = json::parse(body, failed);
  if (failed) return broken("Could not parse request body into json: " + failed.message());
  if (root.is_array()) return broken("Start of list found where not expected");
  if (!root.is_object()) return broken("Expected null");
  return std::move(root.get_object());
}

// Every value of the parameter for a list, the first one otherwise; nullopt if it is not there.
std::optional<Converted<json::value>> from_query(const Member& member, const Query& query) {
  json::array items;
  for (const auto& [name, text] : query) {
    if (name != member.wire_name) continue;
    if (member.shape->type != Type::list) return from_text(*member.shape, valid_utf8(text));
    auto item = from_text(*member.shape->element, valid_utf8(text));
    if (!item) return item;
    items.push_back(std::move(*item));
  }
  if (items.empty()) return std::nullopt;
  return json::value(std::move(items));
}

// The member's value, or nullopt if the request does not carry it.
std::optional<Converted<json::value>> read(const Member& member, const Match& match, const Request& request, const Query& query, json::object& body) {
  switch (member.place) {
    case Place::uri:
      if (const auto label = match.labels.find(member.wire_name); label != match.labels.end()) return from_text(*member.shape, label->second);
      return std::nullopt;
    case Place::query:
      return from_query(member, query);
    case Place::header:
      if (const std::string* text = request.fields.find(member.wire_name)) return from_text(*member.shape, valid_utf8(*text));
      return std::nullopt;
    case Place::payload:
      if (request.body.empty() && !member.required) return std::nullopt;
      return json::value(request.body);
    case Place::body:
      if (json::value* value = body.if_contains(member.wire_name); value && !value->is_null()) return from_json(*member.shape, std::move(*value));
      return std::nullopt;
    case Place::status:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

struct ServiceModel::Tables {
  explicit Tables(Table parsed) : table(std::move(parsed)), routes(table.operations) {}
  Table table;
  Routes routes;
};

ServiceModel::ServiceModel(std::unique_ptr<Tables> tables) : tables_(std::move(tables)) {}
ServiceModel::~ServiceModel() = default;

Result<std::unique_ptr<const ServiceModel>> ServiceModel::parse(std::string_view table) {
  WICK_TRY(Table parsed, parse_table(table));
  return std::unique_ptr<const ServiceModel>(new ServiceModel(std::make_unique<Tables>(std::move(parsed))));
}

std::optional<Match> ServiceModel::match(const Request& request) const { return tables_->routes.match(request); }

std::string_view ServiceModel::name(const Operation& operation) { return operation.name; }

ApiResult<json::object> ServiceModel::decode(const Match& match, const Request& request) const {
  const Operation& operation = *match.operation;
  if (operation.max_bytes && request.body.size() > *operation.max_bytes) {
    return api_error(413, "RequestEntityTooLargeException",
                     fmt::format("Request must be smaller than {} bytes for the {} operation", *operation.max_bytes, operation.called));
  }
  json::object input;
  if (!operation.input) return input;
  const Shape& shape = *operation.input;
  json::object body;
  if (has(shape, Place::body)) {
    auto parsed = parse_body(request.body);
    if (!parsed) return parsed;
    body = std::move(*parsed);
  }
  const Query query = request.query.empty() ? Query() : parse_query(request.query);
  for (const Member& member : shape.members) {
    auto value = read(member, match, request, query, body);
    if (!value) continue;
    if (!*value) return broken(std::move(*value).error());
    input.emplace(member.name, std::move(**value));
  }
  if (const auto found = violations(shape, input); !found.empty()) return api_error(400, "ValidationException", validation_message(found));
  return input;
}

Response ServiceModel::encode(const Operation& operation, const json::object& output) const {
  Response response;
  response.status = operation.status;
  response.fields.set("Content-Type", "application/json");
  if (!operation.output) return response;
  json::object body;
  for (const Member& member : operation.output->members) {
    const json::value* value = output.if_contains(member.name);
    if (!value || value->is_null()) continue;
    switch (member.place) {
      case Place::status:
        if (value->is_number()) response.status = value->to_number<unsigned>();
        break;
      case Place::header:
        response.fields.set(member.wire_name, to_text(*value));
        break;
      case Place::payload:
        if (value->is_string()) response.body = value->get_string();
        break;
      default:
        body.emplace(member.wire_name, to_json(*member.shape, *value));
    }
  }
  if (has(*operation.output, Place::body) || operation.output->members.empty()) response.body = json::serialize(body);
  return response;
}

Response ServiceModel::encode_error(const ApiError& error, std::string_view request_id) const {
  const auto known = tables_->table.errors.find(error.code);
  const ErrorBody layout = known == tables_->table.errors.end() ? ErrorBody() : known->second;
  json::object body = error.extra;
  if (layout.type && !body.contains("Type")) body["Type"] = error.status >= 500 ? "Service" : "User";
  if (error.message.empty()) {
    body[layout.message_name] = nullptr;
  } else {
    body[layout.message_name] = error.message;
  }
  if (body.contains("Type") && body["Type"].is_null()) body.erase("Type");
  Response response;
  response.status = error.status;
  response.fields.set("Content-Type", "application/json");
  response.fields.set("x-amzn-RequestId", std::string(request_id));
  response.fields.set("x-amzn-ErrorType", error.code);
  response.body = json::serialize(body);
  return response;
}

}  // namespace wick::http::aws
