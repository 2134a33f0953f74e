#pragma once
// The table of settings: each has one key, one meaning and one check, whichever way it is given.
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "daemon/config.h"

namespace wick::daemon {

enum class Arity {
  one,
  many,  // a repeated flag, a comma-separated variable, a TOML array
  flag,  // true or false; the bare flag means true
};

struct Setting {
  std::string_view key;
  std::string_view placeholder;
  std::string_view help;
  Arity arity;
  Result<> (*apply)(Config& config, const std::vector<std::string>& values);  // values is not empty; one unless many
};

std::span<const Setting> settings();
const Setting* find_setting(std::string_view key);
std::string_view nearest_key(std::string_view key);  // the known key with the fewest edits

std::string variable_of(std::string_view key);  // idle-timeout -> WICK_IDLE_TIMEOUT

}  // namespace wick::daemon
