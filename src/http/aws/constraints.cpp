#include "http/aws/constraints.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json.hpp>

#include "http/aws/java_text.h"
#include "http/aws/utf8.h"

namespace wick::http::aws {
namespace {

namespace json = boost::json;

bool numeric(Type type) { return type == Type::integer || type == Type::long_integer || type == Type::floating; }

std::string bound_text(const Shape& shape, double bound) {
  return shape.type == Type::floating ? java_double(bound) : fmt::format("{}", static_cast<std::int64_t>(bound));
}

std::string at_most(const Shape& shape) {
  return fmt::format("Member must have {} less than or equal to {}", numeric(shape.type) ? "value" : "length", bound_text(shape, *shape.max));
}

std::string at_least(const Shape& shape) {
  return fmt::format("Member must have {} greater than or equal to {}", numeric(shape.type) ? "value" : "length", bound_text(shape, *shape.min));
}

std::string like_pattern(const Shape& shape) { return "Member must satisfy regular expression pattern: " + shape.pattern_text; }

std::string one_of(const Shape& shape) { return fmt::format("Member must satisfy enum value set: [{}]", fmt::join(shape.values, ", ")); }

double measure(const json::value& value) {
  switch (value.kind()) {
    case json::kind::string:
      return static_cast<double>(utf16_length(value.get_string()));
    case json::kind::array:
      return static_cast<double>(value.get_array().size());
    case json::kind::object:
      return static_cast<double>(value.get_object().size());
    default:
      return value.is_number() ? value.to_number<double>() : 0;
  }
}

bool matches(const Shape& shape, std::string_view text) { return !shape.pattern || shape.pattern->matches(text); }
bool listed(const Shape& shape, std::string_view text) {
  const auto has = [&](const std::vector<std::string>& values) { return std::ranges::find(values, text) != values.end(); };
  return shape.values.empty() || has(shape.values) || has(shape.also);
}
bool short_enough(const Shape& shape, const json::value& value) { return !shape.max || measure(value) <= *shape.max; }
bool long_enough(const Shape& shape, const json::value& value) { return !shape.min || measure(value) >= *shape.min; }

bool scalar_ok(const Shape& shape, const json::value& value) {
  if (!short_enough(shape, value) || !long_enough(shape, value)) return false;
  return !value.is_string() || (matches(shape, value.get_string()) && listed(shape, value.get_string()));
}

bool scalar(Type type) { return type != Type::structure && type != Type::list && type != Type::map; }

class Checker {
 public:
  std::vector<std::string> take() { return std::move(found_); }

  void structure(const Shape& shape, const json::object& object, const std::string& path) {
    for (const Member& member : shape.members) {
      if (found_.size() >= violations_max) return;
      const json::value* value = object.if_contains(member.name);
      const std::string here = path.empty() ? member.path_name : path + "." + member.path_name;
      if (value) {
        check(*member.shape, *value, here);
      } else if (member.required) {
        found_.push_back(fmt::format("Value null at '{}' failed to satisfy constraint: Member must not be null", here));
      }
    }
  }

 private:
  void check(const Shape& shape, const json::value& value, const std::string& path) {
    if (value.is_object()) {
      if (shape.type == Type::structure) return structure(shape, value.get_object(), path);
      map(shape, value, path);
    } else if (value.is_array()) {
      list(shape, value, path);
    } else if (value.is_string()) {
      if (!matches(shape, value.get_string())) add(shape, value, path, like_pattern(shape));
      if (!listed(shape, value.get_string())) add(shape, value, path, one_of(shape));
    }
    if (!short_enough(shape, value)) add(shape, value, path, at_most(shape));
    if (!long_enough(shape, value)) add(shape, value, path, at_least(shape));
  }

  void list(const Shape& shape, const json::value& value, const std::string& path) {
    const json::array& items = value.get_array();
    const auto bad = [&](const json::value& item) {
      if (item.is_null()) return !shape.sparse;
      return scalar(shape.element->type) && !scalar_ok(*shape.element, item);
    };
    if (std::ranges::any_of(items, bad)) {
      add(shape, value, path, "Member must satisfy constraint: " + (shape.sparse ? shape.element->key_rule : shape.element->element_rule));
    }
    if (std::ranges::any_of(items, [&](const json::value& item) { return item.is_string() && !listed(shape, item.get_string()); })) {
      add(shape, value, path, one_of(shape));
    }
    if (scalar(shape.element->type)) return;
    for (std::size_t i = 0; i < items.size() && found_.size() < violations_max; ++i) {
      if (!items[i].is_null()) check(*shape.element, items[i], fmt::format("{}.{}.member", path, i + 1));
    }
  }

  void map(const Shape& shape, const json::value& value, const std::string& path) {
    const json::object& entries = value.get_object();
    const auto bad_key = [&](const auto& entry) { return !scalar_ok(*shape.key, json::value(entry.key())); };
    if (std::ranges::any_of(entries, bad_key)) add(shape, value, path, "Map keys must satisfy constraint: " + shape.key->key_rule);
    const auto bad_value = [&](const auto& entry) {
      return entry.value().is_null() || (scalar(shape.element->type) && !scalar_ok(*shape.element, entry.value()));
    };
    if (std::ranges::any_of(entries, bad_value)) add(shape, value, path, "Map value must satisfy constraint: " + shape.element->element_rule);
    if (scalar(shape.element->type)) return;
    for (const auto& entry : entries) {
      if (found_.size() >= violations_max) return;
      if (!entry.value().is_null()) check(*shape.element, entry.value(), fmt::format("{}.{}", path, std::string_view(entry.key())));
    }
  }

  void add(const Shape& shape, const json::value& value, const std::string& path, std::string_view constraint) {
    const std::string quoted = shape.sensitive ? std::string() : fmt::format(" '{}'", java_text(shape, value, quoted_bytes_max));
    found_.push_back(fmt::format("Value{} at '{}' failed to satisfy constraint: {}", quoted, path, constraint));
  }

  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> violations(const Shape& shape, const json::object& input) {
  Checker checker;
  checker.structure(shape, input, {});
  return checker.take();
}

std::string validation_message(const std::vector<std::string>& violations) {
  return fmt::format("{} validation error{} detected: {}", violations.size(), violations.size() == 1 ? "" : "s", fmt::join(violations, "; "));
}

std::string constraint_list(const Shape& shape, std::string_view last) {
  std::vector<std::string> all;
  if (shape.max) all.push_back(at_most(shape));
  if (shape.min) all.push_back(at_least(shape));
  if (shape.pattern) all.push_back(like_pattern(shape));
  if (!shape.values.empty()) all.push_back(one_of(shape));
  if (!last.empty()) all.emplace_back(last);
  return fmt::format("[{}]", fmt::join(all, ", "));
}

}  // namespace wick::http::aws
