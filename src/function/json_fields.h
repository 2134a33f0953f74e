#pragma once
// Reading members of JSON objects whose types are known (records this part wrote, inputs a service model validated): a missing or
// null member gives the fallback.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace wick::function {

inline const boost::json::value* member(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

inline std::string text(const boost::json::object& object, std::string_view key, std::string_view fallback = {}) {
  const auto* value = member(object, key);
  return std::string(value != nullptr && value->is_string() ? std::string_view(value->get_string()) : fallback);
}

template <class T = std::int64_t>
T number(const boost::json::object& object, std::string_view key, T fallback = 0) {
  const auto* value = member(object, key);
  return value != nullptr && value->is_number() ? value->to_number<T>() : fallback;
}

inline bool flag(const boost::json::object& object, std::string_view key, bool fallback = false) {
  const auto* value = member(object, key);
  return value != nullptr && value->is_bool() ? value->get_bool() : fallback;
}

inline const boost::json::object* object_in(const boost::json::object& object, std::string_view key) {
  const auto* value = member(object, key);
  return value == nullptr ? nullptr : value->if_object();
}

inline std::vector<std::string> texts(const boost::json::object& object, std::string_view key) {
  std::vector<std::string> out;
  const auto* value = member(object, key);
  if (value == nullptr || !value->is_array()) return out;
  for (const auto& item : value->get_array()) {
    if (item.is_string()) out.emplace_back(std::string_view(item.get_string()));
  }
  return out;
}

inline boost::json::array array_of(const std::vector<std::string>& items) { return boost::json::array(items.begin(), items.end()); }

}  // namespace wick::function
