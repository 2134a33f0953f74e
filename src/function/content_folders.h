#pragma once
// Folders named by the hash of what they hold, each filled once and then only read: DIR/NAME/, filled as DIR/tmp/N and renamed.
//
// Nothing is synced, and a power failure can leave a renamed folder with empty files in it. So DIR/boot_id names the boot of the
// machine that filled them, and the folders of another boot are removed at open, as are leftovers of a crash.
// What nobody names any more goes in a sweep, but for folders that are held. Thread-safe; calls block. Two callers that need the same
// folder wait for one filling.
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "base/result.h"

namespace wick::function {

class ContentFolders {
 public:
  using Hold = std::shared_ptr<const void>;  // the folder stays as long as this does

  struct Content {
    std::uint64_t bytes = 0;  // of the files
    Hold hold;
  };

  static Result<std::unique_ptr<ContentFolders>> open(const std::string& directory);

  // fill writes into the empty folder it is given; after its error nothing is there, and the next caller tries again.
  Result<Content> ensure(const std::string& name, const std::function<Result<>(const std::string& folder)>& fill);

  // What ensure() would return, where it knows that without looking or waiting.
  std::optional<Content> find(const std::string& name);

  // Removes the folders that are neither named nor held; returns how many. Ends early at a stop. One at a time.
  Result<std::size_t> sweep(const std::set<std::string>& named, std::stop_token stop);

 private:
  struct Folder {
    std::mutex filling;
    std::optional<std::uint64_t> bytes;  // guarded by filling; set once it is complete
  };

  explicit ContentFolders(std::string directory) : directory_(std::move(directory)) {}
  bool remove(const std::string& name);
  Result<> fill_new(const std::string& path, const std::function<Result<>(const std::string& folder)>& fill);

  const std::string directory_;
  std::atomic<std::uint64_t> next_ = 0;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Folder>> folders_;  // guarded by mutex_; as many as have been deployed
};

}  // namespace wick::function
