#pragma once
// Strings that must not be mixed up: using FunctionName = Strong<struct FunctionNameTag>;
#include <compare>
#include <functional>
#include <string>
#include <utility>

namespace wick {

template <class Tag>
class Strong {
 public:
  Strong() = default;
  explicit Strong(std::string value) : value_(std::move(value)) {}
  const std::string& str() const { return value_; }
  bool empty() const { return value_.empty(); }
  friend auto operator<=>(const Strong&, const Strong&) = default;

 private:
  std::string value_;
};

}  // namespace wick

template <class Tag>
struct std::hash<wick::Strong<Tag>> {
  std::size_t operator()(const wick::Strong<Tag>& id) const noexcept { return std::hash<std::string>()(id.str()); }
};
