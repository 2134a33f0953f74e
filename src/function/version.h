#pragma once
// What is deployed: one version of one function, as an invocation needs it and as the APIs show it. Published versions keep their
// code and configuration; $LATEST does not, and each such change makes a new Version object with a new generation, so instances of
// the old one can be told apart and let go.
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
  std::string arn;  // arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION
  blob::BlobId code;
  std::uint64_t code_size = 0;  // bytes, zipped
  std::uint64_t unzipped_bytes = 0;
  bool operator==(const LayerReference&) const = default;
};

enum class LogFormat { text, json };

// Whether the version can be run: pending until its package is unpacked, failed when that cannot be done.
enum class State { pending, active, failed };
// How the last change of $LATEST went; none before a function first became active.
enum class UpdateStatus { none, in_progress, successful, failed };

// Kept and shown, without effect: Wick has no virtual private clouds.
struct VpcConfig {
  std::vector<std::string> subnets;
  std::vector<std::string> security_groups;
  bool ipv6 = false;
  bool operator==(const VpcConfig&) const = default;
};

// Kept and shown, without effect: Wick has no network file systems.
struct FileSystem {
  std::string arn;
  std::string mount_path;
  bool operator==(const FileSystem&) const = default;
};

struct Version {
  FunctionName name;
  std::string version = kLatest;  // $LATEST or a positive decimal number
  std::string generation;         // unique for each stored code and configuration of it; what instances are pooled by

  std::string description;
  std::string runtime;  // nodejs20.x
  std::string handler;  // index.handler
  std::string role;
  std::string architecture = "x86_64";
  std::map<std::string, std::string> environment;
  bool environment_given = false;      // AWS shows an empty environment only when one was given
  std::vector<LayerReference> layers;  // in mount order
  blob::BlobId code;                   // the deployment package, a zip
  std::uint64_t code_size = 0;         // bytes, zipped
  std::uint64_t code_unzipped_bytes = 0;
  std::uint32_t memory_mb = 128;  // 128-10240
  std::uint32_t timeout_s = 3;    // 1-900
  std::uint32_t tmp_mb = 512;     // 512-10240
  LogFormat log_format = LogFormat::text;
  std::string application_log_level;  // JSON log format only; empty means INFO
  std::string system_log_level;
  std::string log_group;  // empty means /aws/lambda/NAME
  std::string tracing_mode = "PassThrough";
  std::string snap_start = "None";  // None or PublishedVersions
  std::string dead_letter_arn;
  std::string kms_key_arn;
  std::optional<VpcConfig> vpc;
  std::vector<FileSystem> file_systems;

  State state = State::active;
  std::string state_reason;  // why it is not active, for people
  UpdateStatus update_status = UpdateStatus::none;
  std::string update_reason;

  std::string revision_id;    // new with every change of anything shown, for optimistic locking by callers
  std::string last_modified;  // 2026-01-02T03:04:05.678+0000
};

using VersionPtr = std::shared_ptr<const Version>;

}  // namespace wick::function
