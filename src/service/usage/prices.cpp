#include "service/usage/prices.h"

#include <array>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>
#include <toml++/toml.h>

namespace wick::service::usage {
namespace {

struct Text {
  std::string_view key;
  std::string Prices::* member;
};
struct Number {
  std::string_view key;
  double Prices::* member;
};
constexpr std::array kTexts{Text{"currency", &Prices::currency}, Text{"as-of", &Prices::as_of}};
constexpr std::array kNumbers{Number{"million-requests", &Prices::million_requests}, Number{"gb-second", &Prices::gb_second},
                              Number{"storage-gb-second", &Prices::storage_gb_second},
                              Number{"provisioned-gb-second", &Prices::provisioned_gb_second},
                              Number{"on-provisioned-gb-second", &Prices::on_provisioned_gb_second}};

double gb_seconds(std::uint64_t mb_ms) { return static_cast<double>(mb_ms) / 1024 / 1000; }

Result<> apply(Prices& prices, std::string_view key, const toml::node& value) {
  for (const Text& text : kTexts) {
    if (text.key != key) continue;
    const auto given = value.value_exact<std::string>();
    if (!given) return fail(Errc::invalid_argument, fmt::format("{} must be a text in quotes", key));
    prices.*text.member = *given;
    return {};
  }
  for (const Number& number : kNumbers) {
    if (number.key != key) continue;
    const auto given = value.value<double>();
    if (!given || !std::isfinite(*given) || *given < 0) return fail(Errc::invalid_argument, fmt::format("{} must be a number, 0 or more", key));
    prices.*number.member = *given;
    return {};
  }
  return fail(Errc::invalid_argument, fmt::format("there is no price '{}': give currency, as-of, million-requests, gb-second, storage-gb-second, "
                                                  "provisioned-gb-second or on-provisioned-gb-second",
                                                  key));
}

}  // namespace

double Prices::cost(const Totals& totals) const {
  return static_cast<double>(totals.calls) / 1e6 * million_requests + gb_seconds(totals.mb_ms) * gb_second +
         gb_seconds(totals.storage_mb_ms) * storage_gb_second + gb_seconds(totals.provisioned_mb_ms) * provisioned_gb_second +
         gb_seconds(totals.on_provisioned_mb_ms) * on_provisioned_gb_second;
}

Result<Prices> load_prices(const std::string& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    if (error) return fail(Errc::io, fmt::format("{}: {}", file, error.message()));
    return Prices();
  }
  Prices prices;
  try {
    for (const auto& [key, value] : toml::parse_file(file)) {
      if (const auto done = apply(prices, key.str(), value); !done) {
        return fail(Errc::invalid_argument, fmt::format("{}: line {}: {}", file, value.source().begin.line, done.error().message));
      }
    }
  } catch (const toml::parse_error& broken) {
    return fail(Errc::invalid_argument, fmt::format("{}: line {}: {}", file, broken.source().begin.line, broken.description()));
  }
  return prices;
}

}  // namespace wick::service::usage
