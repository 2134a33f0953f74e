#include "daemon/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <numeric>

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>

#include "daemon/duration.h"

namespace wick::daemon {
namespace {

using Values = std::vector<std::string>;

Result<std::uint32_t> parse_number(const std::string& text, std::uint32_t min, std::uint32_t max) {
  std::uint32_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || rest != text.data() + text.size() || number < min || number > max) {
    return fail(Errc::invalid_argument, fmt::format("'{}' is not a whole number from {} to {}", text, min, max));
  }
  return number;
}

Result<Address> parse_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  boost::system::error_code error;
  boost::asio::ip::make_address(host, error);
  if (colon == std::string::npos || error) {
    return fail(Errc::invalid_argument,
                fmt::format("'{}' is not an address to listen on: write IP:PORT, such as 127.0.0.1:4566 or [::1]:4566", text));
  }
  WICK_TRY(const std::uint32_t port, parse_number(text.substr(colon + 1), 0, std::numeric_limits<std::uint16_t>::max()));
  return Address{std::move(host), static_cast<std::uint16_t>(port)};
}

Result<> set_text(std::string& target, const Values& values) {
  if (values[0].empty()) return fail(Errc::invalid_argument, "may not be empty");
  target = values[0];
  return {};
}

Result<> set_listen(Config& config, const Values& values) {
  config.listen.clear();
  for (const std::string& value : values) {
    WICK_TRY(Address address, parse_address(value));
    config.listen.push_back(std::move(address));
  }
  return {};
}

Result<> set_region(Config& config, const Values& values) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (values[0].empty() || values[0].size() > 32 || !std::ranges::all_of(values[0], fits)) {
    return fail(Errc::invalid_argument, fmt::format("'{}' is not a region name: lower-case letters, digits and -, such as us-east-1", values[0]));
  }
  config.region = values[0];
  return {};
}

Result<> set_log_level(Config& config, const Values& values) {
  constexpr std::array kLevels{"trace", "debug", "info", "warning", "error", "off"};
  if (std::ranges::find(kLevels, values[0]) == kLevels.end()) {
    return fail(Errc::invalid_argument, fmt::format("'{}' is not a log level: trace, debug, info, warning, error or off", values[0]));
  }
  config.log_level = values[0];
  return {};
}

Result<> set_outside_network(Config& config, const Values& values) {
  if (values[0] != "true" && values[0] != "false") return fail(Errc::invalid_argument, fmt::format("'{}' is neither true nor false", values[0]));
  config.outside_network = values[0] == "true";
  return {};
}

constexpr std::array kSettings{
    Setting{"data", "DIR", "where everything is kept (default /var/lib/wick for root, else ~/.local/share/wick)", Arity::one,
            [](Config& c, const Values& v) { return set_text(c.data, v); }},
    Setting{"listen", "ADDR:PORT", "where to listen; repeatable, port 0 lets the kernel choose (default 127.0.0.1:4566)", Arity::many, set_listen},
    Setting{"idle-timeout", "DURATION", "how long an instance lives without a call: 200ms, 30s, 10m (default 10m)", Arity::one,
            [](Config& c, const Values& v) -> Result<> {
              WICK_TRY(c.idle_timeout, parse_duration(v[0]));
              return {};
            }},
    Setting{"access-key", "KEY", "the access key that callers sign with; without one any is accepted, on loopback only", Arity::one,
            [](Config& c, const Values& v) { return set_text(c.access_key, v); }},
    Setting{"secret-key", "SECRET", "its secret", Arity::one, [](Config& c, const Values& v) { return set_text(c.secret_key, v); }},
    Setting{"region", "NAME", "the region in every ARN (default us-east-1)", Arity::one, set_region},
    Setting{"concurrency", "N", "instances that may be busy at once, over all functions (default 1000)", Arity::one,
            [](Config& c, const Values& v) -> Result<> {
              WICK_TRY(c.concurrency, parse_number(v[0], 1, 1'000'000));
              return {};
            }},
    Setting{"user", "NAME", "the ordinary user that a daemon started by root becomes (default wick)", Arity::one,
            [](Config& c, const Values& v) { return set_text(c.user, v); }},
    Setting{"log-level", "LEVEL", "trace, debug, info, warning, error or off (default info)", Arity::one, set_log_level},
    Setting{"outside-network", "", "let functions reach the network outside, where the machine allows it", Arity::flag, set_outside_network},
};

std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0u);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::span<const Setting> settings() { return kSettings; }

const Setting* find_setting(std::string_view key) {
  const auto found = std::ranges::find(kSettings, key, &Setting::key);
  return found == kSettings.end() ? nullptr : &*found;
}

std::string_view nearest_key(std::string_view key) {
  return std::ranges::min_element(kSettings, {}, [key](const Setting& setting) { return edits(key, setting.key); })->key;
}

std::string variable_of(std::string_view key) {
  std::string variable = "WICK_";
  for (const char c : key) variable += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return variable;
}

}  // namespace wick::daemon
