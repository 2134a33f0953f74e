#pragma once
// What is deployed: one version of one function, as an invocation needs it. Published versions never change; $LATEST does, and
// each change makes a new Version object with a new generation, so instances of the old one can be told apart and let go.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/strong.h"
#include "blob/store.h"

namespace wick::function {

using FunctionName = Strong<struct FunctionNameTag>;

inline constexpr const char* kLatest = "$LATEST";

struct LayerReference {
  std::string arn;       // arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION
  blob::BlobId code;
  std::uint64_t code_size = 0;
};

enum class LogFormat { text, json };

struct Version {
  FunctionName name;
  std::string version = kLatest;  // $LATEST or a positive decimal number
  std::string generation;         // unique for each stored state of it; what instances are pooled by

  std::string description;
  std::string runtime;            // nodejs20.x
  std::string handler;            // index.handler
  std::string role;
  std::string architecture = "x86_64";
  std::map<std::string, std::string> environment;
  std::vector<LayerReference> layers;  // in mount order
  blob::BlobId code;              // the deployment package, a zip
  std::uint64_t code_size = 0;
  std::uint32_t memory_mb = 128;  // 128-10240
  std::uint32_t timeout_s = 3;    // 1-900
  std::uint32_t tmp_mb = 512;     // 512-10240
  LogFormat log_format = LogFormat::text;
  std::string application_log_level;  // JSON log format only; empty means INFO
  std::string system_log_level;
  std::string log_group;          // empty means /aws/lambda/NAME
  std::string revision_id;
  std::string last_modified;      // 2026-01-02T03:04:05.678+0000
};

using VersionPtr = std::shared_ptr<const Version>;

}  // namespace wick::function
