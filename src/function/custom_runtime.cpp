#include "function/custom_runtime.h"

#include <charconv>

namespace wick::function {

bool is_custom_runtime(const Version& version) { return version.runtime.starts_with("provided"); }

std::optional<std::uint32_t> parse_max_concurrency(std::string_view value) {
  std::uint32_t out = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (error != std::errc() || end != value.data() + value.size() || out < 1 || out > kMaxConcurrencyLimit) return std::nullopt;
  return out;
}

std::uint32_t max_concurrency(const Version& version) {
  if (!is_custom_runtime(version)) return 1;
  const auto found = version.environment.find(kMaxConcurrencyVariable);
  return found == version.environment.end() ? 1 : parse_max_concurrency(found->second).value_or(1);
}

}  // namespace wick::function
