#pragma once
// Deployment packages and layers on disk, unpacked once per content and shared read-only by every instance.
//
// DATA/packages/<code sha256>/ holds an unpacked zip, DATA/layers/<hash of the layer list>/ the layers unpacked over each other
// in order. A folder appears by rename when it is complete, so a crash leaves no half package; leftovers are removed at open.
// The zips come from strangers: absolute names, "..", links that leave the folder, device files, bombs (ratio, count, total
// size) are refused. Files get modes 0644 or 0755, folders 0755, no set-id bits.
//
// All calls block and are thread-safe; two callers that need the same package wait for one unpacking.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "blob/store.h"
#include "function/version.h"

namespace wick::function {

inline constexpr std::uint64_t kUnzippedMax = 262'144'000;  // bytes, package and layers together (AWS, "Lambda quotas": 250 MB)
inline constexpr std::uint64_t kZippedMax = 52'428'800;     // bytes, a zip in the request itself (50 MB)

struct ZipSummary {
  std::uint64_t unzipped_bytes = 0;
  std::vector<std::string> names;  // of files, in archive order
};

// Reads a whole zip without writing anything. Errors: invalid_argument (not a zip, or an entry refused), too_large.
Result<ZipSummary> inspect_zip(std::string_view zip);

struct Prepared {
  std::string package;  // folder name under DATA/packages
  std::string layers;   // folder name under DATA/layers, empty for none
};

class Packages {
 public:
  static Result<std::unique_ptr<Packages>> open(const std::string& data_directory, blob::Store& blobs);
  ~Packages();

  Result<Prepared> prepare(const Version& version);

 private:
  class Impl;
  explicit Packages(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wick::function
