#include "http/aws/values.h"

#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "base/digest.h"

namespace wick::http::aws {
namespace {

namespace json = boost::json;

std::string_view type_name(Type type) {
  switch (type) {
    case Type::integer:
      return "an Integer";
    case Type::long_integer:
      return "a Long";
    case Type::boolean:
      return "a Boolean";
    case Type::floating:
      return "a Double";
    case Type::blob:
      return "a Blob";
    case Type::timestamp:
      return "milliseconds since epoch";
    default:
      return "a String";
  }
}

std::string_view token_name(const json::value& value) {
  if (value.is_bool()) return value.get_bool() ? "TRUE_VALUE" : "FALSE_VALUE";
  return value.is_string() ? "STRING_VALUE" : "NUMBER_VALUE";
}

std::string mismatch_message(const Shape& shape, const json::value& value) {
  if (value.is_array()) return "Start of list found where not expected";
  if (value.is_object()) return "Start of structure or map found where not expected.";
  if (shape.type == Type::structure) return "Expected null";
  if (shape.type == Type::list) return "Expected list or null";
  if (shape.type == Type::map) return "Expected map or null";
  return fmt::format("{} can not be converted to {}", token_name(value), type_name(shape.type));
}

std::unexpected<std::string> mismatch(const Shape& shape, const json::value& value) { return std::unexpected(mismatch_message(shape, value)); }

// A fraction is cut off, as AWS does.
Converted<json::value> whole_number(const Shape& shape, const json::value& value) {
  constexpr double two_to_63 = 9223372036854775808.0;
  std::int64_t number = 0;
  if (value.is_int64()) {
    number = value.get_int64();
  } else if (value.is_double() && std::abs(value.get_double()) < two_to_63) {
    number = static_cast<std::int64_t>(value.get_double());
  } else {
    return mismatch(shape, value);
  }
  if (shape.type == Type::integer && (number < std::numeric_limits<std::int32_t>::min() || number > std::numeric_limits<std::int32_t>::max())) {
    return mismatch(shape, value);
  }
  return json::value(number);
}

Converted<json::value> structure(const Shape& shape, json::object& source) {
  json::object out;
  for (const Member& member : shape.members) {
    json::value* value = source.if_contains(member.wire_name);
    if (!value || value->is_null()) continue;
    auto converted = from_json(*member.shape, std::move(*value));
    if (!converted) return converted;
    out.emplace(member.name, std::move(*converted));
  }
  return json::value(std::move(out));
}

}  // namespace

Converted<json::value> from_json(const Shape& shape, json::value&& value) {
  switch (shape.type) {
    case Type::structure:
      if (value.is_object()) return structure(shape, value.get_object());
      break;
    case Type::list:
      if (!value.is_array()) break;
      for (json::value& item : value.get_array()) {
        if (item.is_null()) continue;
        auto converted = from_json(*shape.element, std::move(item));
        if (!converted) return converted;
        item = std::move(*converted);
      }
      return std::move(value);
    case Type::map:
      if (!value.is_object()) break;
      for (auto& entry : value.get_object()) {
        if (entry.value().is_null()) continue;
        auto converted = from_json(*shape.element, std::move(entry.value()));
        if (!converted) return converted;
        entry.value() = std::move(*converted);
      }
      return std::move(value);
    case Type::string:
      if (value.is_string()) return std::move(value);
      break;
    case Type::integer:
    case Type::long_integer:
      return whole_number(shape, value);
    case Type::boolean:
      if (value.is_bool()) return std::move(value);
      break;
    case Type::floating:
    case Type::timestamp:
      if (value.is_number()) return json::value(value.to_number<double>());
      break;
    case Type::blob:
      if (!value.is_string()) break;
      if (auto bytes = from_base64(value.get_string())) return json::value(*bytes);
      return std::unexpected(std::string("STRING_VALUE is not valid base64"));
  }
  return mismatch(shape, value);
}

Converted<json::value> from_text(const Shape& shape, std::string text) {
  const auto number = [&](auto parsed) -> Converted<json::value> {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
    if (error != std::errc() || end != text.data() + text.size()) return mismatch(shape, json::value(text));
    return from_json(shape, json::value(parsed));
  };
  switch (shape.type) {
    case Type::integer:
    case Type::long_integer:
      return number(std::int64_t{});
    case Type::floating:
    case Type::timestamp:
      return number(double{});
    case Type::boolean:
      if (text == "true" || text == "false") return json::value(text == "true");
      return mismatch(shape, json::value(text));
    default:
      return json::value(text);
  }
}

json::value to_json(const Shape& shape, const json::value& value) {
  if (shape.type == Type::structure && value.is_object()) {
    json::object out;
    for (const Member& member : shape.members) {
      const json::value* inner = value.get_object().if_contains(member.name);
      if (inner && !inner->is_null()) out.emplace(member.wire_name, to_json(*member.shape, *inner));
    }
    return out;
  }
  if (shape.type == Type::list && value.is_array()) {
    json::array out;
    out.reserve(value.get_array().size());
    for (const json::value& item : value.get_array()) out.push_back(to_json(*shape.element, item));
    return out;
  }
  if (shape.type == Type::map && value.is_object()) {
    json::object out;
    for (const auto& entry : value.get_object()) {
      if (!entry.value().is_null()) out.emplace(entry.key(), to_json(*shape.element, entry.value()));
    }
    return out;
  }
  if (shape.type == Type::blob && value.is_string()) return json::value(to_base64(value.get_string()));
  return value;
}

std::string to_text(const json::value& value) { return value.is_string() ? std::string(value.get_string()) : json::serialize(value); }

}  // namespace wick::http::aws
