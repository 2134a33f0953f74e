#pragma once
// Folders named by the hash of what they hold, each filled once and then only read: DIR/NAME/, filled as DIR/tmp/N and renamed.
//
// Nothing is synced, and a power failure can leave a renamed folder with empty files in it. So DIR/boot_id names the boot of the
// machine that filled them, and the folders of another boot are removed at open, as are leftovers of a crash.
// Thread-safe; calls block. Two callers that need the same folder wait for one filling.
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"

namespace wick::function {

class ContentFolders {
 public:
  static Result<std::unique_ptr<ContentFolders>> open(const std::string& directory);

  // Returns the bytes of the files in the folder. fill writes into the empty folder it is given; after its error nothing is there,
  // and the next caller tries again.
  Result<std::uint64_t> ensure(const std::string& name, const std::function<Result<>(const std::string& folder)>& fill);

  // What ensure() would return, where it knows that without looking or waiting.
  std::optional<std::uint64_t> find(const std::string& name);

 private:
  struct Folder {
    std::mutex filling;
    std::optional<std::uint64_t> bytes;  // guarded by filling; set once it is complete
  };

  explicit ContentFolders(std::string directory) : directory_(std::move(directory)) {}
  Result<> fill_new(const std::string& path, const std::function<Result<>(const std::string& folder)>& fill);

  const std::string directory_;
  std::atomic<std::uint64_t> next_ = 0;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Folder>> folders_;  // guarded by mutex_; as many as are deployed
};

}  // namespace wick::function
