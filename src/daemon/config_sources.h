#pragma once
// The three places that settings come from, each read into the same form: key -> texts, with the place to name in an error.
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "daemon/config.h"

namespace wick::daemon {

struct Given {
  std::string origin;  // --idle-timeout, WICK_IDLE_TIMEOUT, /etc/wick/wick.toml: idle-timeout
  std::vector<std::string> values;
};

using GivenSettings = std::map<std::string, Given>;

struct Flags {
  GivenSettings settings;
  std::string config_file;  // --config
  std::string help;         // not empty for --help
};

// Errors: invalid_argument. An unknown key is one, and the message names the nearest.
Result<Flags> read_flags(const std::vector<std::string>& arguments);
Result<GivenSettings> read_file(const std::string& path);
// Other WICK_* variables are the `wick` command's and pass.
GivenSettings read_environment(const Environment& environment);

}  // namespace wick::daemon
