#include "api/lambda/names.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include <fmt/core.h>

#include "function/json_fields.h"

namespace wick::api::lambda {
namespace {

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto colon = text.find(':');
    parts.push_back(text.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    text.remove_prefix(colon + 1);
  }
}

bool is_account(std::string_view part) {
  return part.size() == 12 && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
}

// us-east-1, us-gov-west-1: two letters, more parts, one digit.
bool is_region(std::string_view part) {
  return part.size() >= 6 && part.find('-') != std::string_view::npos && part[part.size() - 2] == '-' && part.back() >= '0' && part.back() <= '9' &&
         std::ranges::all_of(part.substr(0, part.size() - 1), [](char c) { return c == '-' || (c >= 'a' && c <= 'z'); });
}

}  // namespace

// Each leading part is optional: [arn:aws:lambda:][REGION:][ACCOUNT:][function:]NAME[:QUALIFIER]. A name may look like a region
// (my-function-1:live), so a region counts only in an ARN, or before an account or "function".
ApiResult<Named> parse_name(const function::Registry& registry, std::string_view function_name) {
  const auto parts = split(function_name);
  const auto last = parts.size() - 1;
  std::size_t at = 0;
  if (parts[0] == "arn" && last > 3) at = 3;
  const auto region_may_stand = [&] { return at == 3 || is_account(parts[at + 1]) || parts[at + 1] == "function"; };
  if (at < last && is_region(parts[at]) && region_may_stand()) {
    if (parts[at] != registry.region()) {
      return not_found(fmt::format("Functions from '{}' are not reachable in this region ('{}')", parts[at], registry.region()));
    }
    ++at;
  }
  if (at < last && is_account(parts[at])) {
    if (parts[at] != registry.account()) return access_denied();
    ++at;
  }
  if (at < last && parts[at] == "function") ++at;
  Named out;
  out.name = function::FunctionName(std::string(parts[at]));
  if (at < last) out.qualifier = parts[at + 1];
  return out;
}

ApiResult<Named> named(const function::Registry& registry, const boost::json::object& input) {
  auto out = parse_name(registry, function::text(input, "FunctionName"));
  if (!out) return out;
  const auto qualifier = function::text(input, "Qualifier");
  if (qualifier.empty()) return out;
  if (!out->qualifier.empty() && out->qualifier != qualifier) {
    return invalid_parameter("The derived qualifier from the function name does not match the specified qualifier.");
  }
  out->qualifier = qualifier;
  return out;
}

std::string layer_name(const boost::json::object& input) {
  const auto name = function::text(input, "LayerName");
  return name.starts_with("arn:") ? name.substr(name.rfind(':') + 1) : name;
}

std::uint64_t layer_number(std::string_view layer_version_arn) {
  const auto digits = layer_version_arn.substr(layer_version_arn.rfind(':') + 1);
  std::uint64_t number = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return ec == std::errc() && end == digits.data() + digits.size() ? number : 0;
}

}  // namespace wick::api::lambda
