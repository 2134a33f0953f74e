#pragma once
// What `wick serve` is told: flags, WICK_* variables and a TOML file, with the same keys everywhere (--idle-timeout 30s,
// WICK_IDLE_TIMEOUT=30s, idle-timeout = "30s"). A flag wins over a variable, a variable over the file, the file over the default.
//
// The file is --config FILE or WICK_CONFIG; else $XDG_CONFIG_HOME/wick/wick.toml (not for root) or /etc/wick/wick.toml, if there.
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace wick::daemon {

struct Address {
  std::string host;  // an IP address, without brackets
  std::uint16_t port = 0;
};

std::string to_string(const Address& address);  // 127.0.0.1:4566, [::1]:4566

struct Config {
  std::string data;
  std::vector<Address> listen{{"127.0.0.1", 4566}};
  std::chrono::milliseconds idle_timeout{std::chrono::minutes(10)};
  std::string access_key;  // empty, with secret_key: any access key is accepted, on loopback only
  std::string secret_key;
  std::string region = "us-east-1";
  std::uint32_t concurrency = 1000;
  std::string user = "wick";
  std::string log_level = "info";
  bool outside_network = false;
};

using Environment = std::map<std::string, std::string>;

struct Caller {
  bool root = false;
  Environment environment;
};

Caller this_process();

struct Loaded {
  Config config;
  std::string help;  // not empty when --help was asked for; config is then the default
};

// arguments: those after `wick serve`. Errors: invalid_argument, each naming where the wrong value stands and what to write.
Result<Loaded> load_config(const std::vector<std::string>& arguments, const Caller& caller);

}  // namespace wick::daemon
