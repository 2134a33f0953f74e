#pragma once
// Deployment packages and layers on disk, unpacked once per content and shared read-only by every instance.
//
// DATA/packages/<code sha256>/ holds an unpacked zip, DATA/layers/<hash of the layer list>/ the layers unpacked over each other
// in order. A folder appears by rename when it is complete, so a crash leaves no half package; leftovers are removed at open.
// Nothing is synced: a folder lost to a power failure is unpacked again. The zips come from strangers: function/zip.h says what is
// refused, function/zip_unpack.h how it is written.
//
// All calls but find() block, and all are thread-safe; two callers that need the same package wait for one unpacking.
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "blob/store.h"
#include "function/version.h"
#include "function/zip.h"

namespace wick::function {

struct Prepared {
  std::string package;                            // folder name under DATA/packages
  std::string layers;                             // folder name under DATA/layers, empty for none
  std::shared_ptr<const void> package_hold = {};  // the folder stays as long as this does
  std::shared_ptr<const void> layers_hold = {};
};

std::string package_folder(const Version& version);
std::string layers_folder(const Version& version);

class Packages {
 public:
  // blobs outlives the result.
  static Result<std::unique_ptr<Packages>> open(const std::string& data_directory, blob::Store& blobs);
  ~Packages();

  // Unpacks what is not yet there; otherwise only looks into memory. Errors: too_large (package and layers together),
  // invalid_argument (a zip refused), not_found (a blob is missing), io.
  Result<Prepared> prepare(const Version& version);

  // The same where everything is known to be there; nothing otherwise. Does not block.
  std::optional<Prepared> find(const Version& version);

  // Removes the folders that are in neither set nor held; returns how many. Ends early at a stop. One at a time. Error: io.
  Result<std::size_t> sweep(const std::set<std::string>& packages, const std::set<std::string>& layers, std::stop_token stop);

 private:
  class Impl;
  explicit Packages(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wick::function
