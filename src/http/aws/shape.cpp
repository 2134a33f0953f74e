#include "http/aws/shape.h"

#include <array>
#include <cctype>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "http/aws/constraints.h"

namespace wick::http::aws {
namespace {

namespace json = boost::json;

constexpr std::array<std::pair<std::string_view, Type>, 10> types{{{"structure", Type::structure},
                                                                   {"list", Type::list},
                                                                   {"map", Type::map},
                                                                   {"string", Type::string},
                                                                   {"integer", Type::integer},
                                                                   {"long", Type::long_integer},
                                                                   {"boolean", Type::boolean},
                                                                   {"double", Type::floating},
                                                                   {"blob", Type::blob},
                                                                   {"timestamp", Type::timestamp}}};
constexpr std::array<std::pair<std::string_view, Place>, 5> places{
    {{"uri", Place::uri}, {"querystring", Place::query}, {"header", Place::header}, {"payload", Place::payload}, {"statusCode", Place::status}}};

template <class Value, std::size_t count>
std::optional<Value> find(const std::array<std::pair<std::string_view, Value>, count>& table, std::string_view name) {
  for (const auto& [key, value] : table) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::optional<double> number(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_number() ? std::optional(value->to_number<double>()) : std::nullopt;
}

bool flag(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_bool() && value->get_bool();
}

std::vector<std::string> texts(const json::object& object, std::string_view key) {
  std::vector<std::string> out;
  if (const json::value* value = object.if_contains(key); value && value->is_array()) {
    for (const json::value& item : value->get_array()) {
      if (item.is_string()) out.emplace_back(item.get_string());
    }
  }
  return out;
}

std::unexpected<Error> wrong(std::string_view where, std::string_view what) {
  return fail(Errc::invalid_argument, fmt::format("service table: {}: {}", where, what));
}

Result<const Shape*> resolve(const Table& table, std::string_view name, std::string_view where) {
  const auto found = table.shapes.find(name);
  if (found == table.shapes.end()) return wrong(where, fmt::format("no shape '{}'", name));
  return found->second.get();
}

Result<> read_member(const Table& table, std::string_view name, const json::value& source, const std::vector<std::string>& required, Shape& shape) {
  Member member;
  member.name = name;
  member.wire_name = name;
  member.path_name = name;
  if (!member.path_name.empty()) member.path_name[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(member.path_name[0])));
  for (const std::string& one : required) member.required = member.required || one == name;
  std::string shape_name;
  if (source.is_string()) {
    shape_name = source.get_string();
  } else if (source.is_object()) {
    shape_name = text(source.get_object(), "shape");
    if (std::string wire = text(source.get_object(), "locationName"); !wire.empty()) member.wire_name = std::move(wire);
    const auto place = find(places, text(source.get_object(), "location"));
    if (!place) return wrong(shape.name, fmt::format("member '{}' has no known location", name));
    member.place = *place;
  }
  WICK_TRY(member.shape, resolve(table, shape_name, shape.name));
  if (member.place == Place::payload && member.shape->type != Type::blob) return wrong(shape.name, "a payload must be a blob");
  shape.members.push_back(std::move(member));
  return {};
}

Result<> read_shape(const Table& table, const json::object& source, Shape& shape) {
  shape.min = number(source, "min");
  shape.max = number(source, "max");
  shape.values = texts(source, "enum");
  shape.also = texts(source, "also");
  shape.sensitive = flag(source, "sensitive");
  shape.sparse = flag(source, "sparse");
  shape.pattern_text = text(source, "pattern");
  if (!shape.pattern_text.empty()) {
    const std::string match = text(source, "match");
    auto pattern = Pattern::compile(match.empty() ? shape.pattern_text : match);
    if (!pattern) return wrong(shape.name, pattern.error().message);
    shape.pattern = std::move(*pattern);
  }
  if (shape.type == Type::list || shape.type == Type::map) {
    WICK_TRY(shape.element, resolve(table, text(source, shape.type == Type::list ? "member" : "value"), shape.name));
  }
  if (shape.type == Type::map) {
    WICK_TRY(shape.key, resolve(table, text(source, "key"), shape.name));
    if (shape.key->type != Type::string) return wrong(shape.name, "a key must be a string");
  }
  if (const json::value* members = source.if_contains("members"); members && members->is_object()) {
    const std::vector<std::string> required = texts(source, "required");
    for (const auto& [name, member] : members->get_object()) WICK_CHECK(read_member(table, name, member, required, shape));
  }
  shape.key_rule = constraint_list(shape, {});
  shape.element_rule = constraint_list(shape, "Member must not be null");
  return {};
}

Result<std::unique_ptr<Operation>> read_operation(const Table& table, std::string_view name, const json::object& source) {
  auto operation = std::make_unique<Operation>();
  operation->name = name;
  operation->called = source.contains("called") ? text(source, "called") : operation->name;
  operation->method = text(source, "method");
  operation->uri = text(source, "uri");
  operation->status = static_cast<unsigned>(number(source, "status").value_or(200));
  if (const auto bytes = number(source, "max_bytes")) operation->max_bytes = static_cast<std::uint64_t>(*bytes);
  if (source.contains("input")) {
    WICK_TRY(operation->input, resolve(table, text(source, "input"), name));
  }
  if (source.contains("output")) {
    WICK_TRY(operation->output, resolve(table, text(source, "output"), name));
  }
  if (operation->method.empty() || !operation->uri.starts_with('/')) return wrong(name, "it needs a method and a uri");
  return operation;
}

}  // namespace

Result<Table> parse_table(std::string_view source) {
  boost::system::error_code broken;
  const json::value root = json::parse(source, broken);
  if (broken) return wrong("JSON", broken.message());
  const json::value* shapes = root.is_object() ? root.get_object().if_contains("shapes") : nullptr;
  const json::value* operations = root.is_object() ? root.get_object().if_contains("operations") : nullptr;
  if (!shapes || !shapes->is_object() || !operations || !operations->is_object()) return wrong("root", "it needs operations and shapes");

  Table table;
  for (const auto& [name, type] : types) {  // a plain scalar is referred to by its type
    if (type == Type::structure || type == Type::list || type == Type::map) continue;
    auto shape = std::make_unique<Shape>();
    shape->name = name;
    shape->type = type;
    shape->element_rule = constraint_list(*shape, "Member must not be null");
    table.shapes.emplace(name, std::move(shape));
  }
  for (const auto& [name, value] : shapes->get_object()) {
    const auto type = value.is_object() ? find(types, text(value.get_object(), "type")) : std::nullopt;
    if (!type) return wrong(name, "it has no known type");
    auto shape = std::make_unique<Shape>();
    shape->name = name;
    shape->type = *type;
    if (!table.shapes.emplace(name, std::move(shape)).second) return wrong(name, "it is defined twice");
  }
  for (const auto& [name, value] : shapes->get_object()) {
    WICK_CHECK(read_shape(table, value.get_object(), *table.shapes.find(name)->second));
  }
  for (const auto& [name, value] : operations->get_object()) {
    if (!value.is_object()) return wrong(name, "it is not an object");
    WICK_TRY(auto operation, read_operation(table, name, value.get_object()));
    table.operations.push_back(std::move(operation));
  }
  if (const json::value* errors = root.get_object().if_contains("errors"); errors && errors->is_object()) {
    for (const auto& [name, value] : errors->get_object()) {
      ErrorBody body;
      for (const std::string& member : texts(errors->get_object(), name)) {
        if (member == "Type")
          body.type = true;
        else
          body.message_name = member;
      }
      table.errors.emplace(name, std::move(body));
    }
  }
  return table;
}

}  // namespace wick::http::aws
