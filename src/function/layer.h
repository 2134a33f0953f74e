#pragma once
// A published layer version: files that functions mount at /opt, under a number that is never used again.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "blob/store.h"
#include "function/policy.h"

namespace wick::function {

struct LayerVersion {
  std::string layer;  // its name
  std::uint64_t number = 0;
  std::string description;
  std::string license;
  std::optional<std::vector<std::string>> runtimes;  // AWS leaves out what was not given
  std::optional<std::vector<std::string>> architectures;
  blob::BlobId code;            // a zip
  std::uint64_t code_size = 0;  // bytes, zipped
  std::uint64_t unzipped_bytes = 0;
  std::string created;  // 2026-01-02T03:04:05.678+0000
  Policy policy;
};

std::string to_record(const LayerVersion& layer);
Result<LayerVersion> parse_layer(std::string_view record);

}  // namespace wick::function
