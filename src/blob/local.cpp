// blob::Store in a folder: DIR/ab/abcdef..., by the first two digits of the id, and DIR/tmp/ for what is being written.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <mutex>
#include <set>

#include "base/digest.h"
#include "base/fd.h"
#include "blob/store.h"

namespace wick::blob {
namespace {

namespace fs = std::filesystem;

Result<> sync_folder(const std::string& path) {
  const UniqueFd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return fail_errno("open", path);
  if (fsync(folder.get()) != 0) return fail_errno("sync", path);
  return {};
}

Result<> make_folder(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("make", path);
  return {};
}

Result<> write_synced(const std::string& path, std::string_view bytes) {
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return fail_errno("make", path);
  while (!bytes.empty()) {
    const ssize_t n = write(file.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("write", path);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  if (fsync(file.get()) != 0) return fail_errno("sync", path);
  return {};
}

class LocalStore final : public Store {
 public:
  explicit LocalStore(std::string directory) : directory_(std::move(directory)) {}

  Result<> prepare() {
    std::error_code failed;
    fs::create_directories(directory_, failed);
    if (!failed) fs::permissions(directory_, fs::perms::owner_all, failed);
    if (!failed) fs::remove_all(directory_ + "/tmp", failed);
    if (failed) return fail(Errc::io, fmt::format("prepare {}: {}", directory_, failed.message()));
    return make_folder(directory_ + "/tmp");
  }

  Result<BlobId> put(std::string_view bytes) override {
    BlobId id(to_hex(bytes_of(sha256(bytes))));
    const std::string path = path_of(id);
    WICK_CHECK(make_folder_of(id));
    if (!renew(path)) {
      const std::string written = fmt::format("{}/tmp/{}", directory_, next_++);
      auto done = write_synced(written, bytes);
      if (done && rename(written.c_str(), path.c_str()) != 0) done = fail_errno("rename", written);
      if (!done) {
        unlink(written.c_str());
        return std::unexpected(std::move(done).error());
      }
    }
    // Also for one that was there: the name may be another caller's, who has not synced it yet.
    WICK_CHECK(sync_folder(folder_of(id)));
    return id;
  }

  Result<std::string> get(const BlobId& id) override {
    WICK_TRY(const auto bytes_max, size(id));
    WICK_TRY(auto bytes, get_range(id, 0, bytes_max));
    if (to_hex(bytes_of(sha256(bytes))) != id.str()) return fail(Errc::io, fmt::format("blob {} is damaged on disk", id.str()));
    return bytes;
  }

  Result<std::string> get_range(const BlobId& id, std::uint64_t offset, std::uint64_t size) override {
    WICK_TRY(const auto file, open_blob(id));
    WICK_TRY(const auto whole, size_of(file.get(), id));
    if (offset >= whole) return std::string();
    std::string bytes(std::min(size, whole - offset), '\0');
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t n = pread(file.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail_errno("read", path_of(id));
      if (n == 0) return fail(Errc::io, fmt::format("blob {} got shorter while it was read", id.str()));
      done += static_cast<std::size_t>(n);
    }
    return bytes;
  }

  Result<std::uint64_t> size(const BlobId& id) override {
    WICK_TRY(const auto file, open_blob(id));
    return size_of(file.get(), id);
  }

  Result<std::size_t> sweep(const std::set<BlobId>& named, WallTime since, std::stop_token stop) override try {
    const auto removed_before = fs::file_time_type::clock::from_sys(since);
    for (const BlobId& id : named) {
      if (stop.stop_requested()) return 0;
      renew(path_of(id));
    }
    std::size_t removed = 0;
    for (const auto& file : fs::recursive_directory_iterator(directory_)) {
      if (stop.stop_requested()) break;
      const auto id = parse_id(file.path().filename().string());
      if (!id || named.contains(*id)) continue;
      const std::lock_guard lock(renewing_);
      if (fs::last_write_time(file) < removed_before && fs::remove(file)) ++removed;
    }
    return removed;
  } catch (const fs::filesystem_error& error) {
    return fail(Errc::io, error.what());
  }

 private:
  std::string folder_of(const BlobId& id) const { return fmt::format("{}/{}", directory_, id.str().substr(0, 2)); }
  std::string path_of(const BlobId& id) const { return fmt::format("{}/{}", folder_of(id), id.str()); }

  // Whether the file is there; then it is as if it had just been put.
  bool renew(const std::string& path) {
    const std::lock_guard lock(renewing_);
    return utimensat(AT_FDCWD, path.c_str(), nullptr, 0) == 0;
  }

  // A folder's own name is on disk before anything in it counts as stored.
  Result<> make_folder_of(const BlobId& id) {
    const std::string folder = folder_of(id);
    const std::lock_guard lock(mutex_);
    if (made_.contains(folder)) return {};
    WICK_CHECK(make_folder(folder));
    WICK_CHECK(sync_folder(directory_));
    made_.insert(folder);
    return {};
  }

  Result<UniqueFd> open_blob(const BlobId& id) const {
    WICK_CHECK(parse_id(id.str()));  // an id is a path here
    UniqueFd file(open(path_of(id).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file && errno == ENOENT) return fail(Errc::not_found, fmt::format("there is no blob {}", id.str()));
    if (!file) return fail_errno("open", path_of(id));
    return file;
  }

  Result<std::uint64_t> size_of(int file, const BlobId& id) const {
    struct stat status{};
    if (fstat(file, &status) != 0) return fail_errno("stat", path_of(id));
    return static_cast<std::uint64_t>(status.st_size);
  }

  const std::string directory_;
  std::atomic<std::uint64_t> next_ = 0;
  std::mutex renewing_;  // no file is removed between its being found and its being renewed
  std::mutex mutex_;
  std::set<std::string> made_;  // folders known to be on disk, 256 at most; guarded by mutex_
};

}  // namespace

Result<BlobId> parse_id(std::string_view text) {
  if (text.size() != 64 || text.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    return fail(Errc::invalid_argument, "a blob id is 64 lower-case hexadecimal digits");
  }
  return BlobId(std::string(text));
}

Result<std::unique_ptr<Store>> open_local(const std::string& directory) {
  auto store = std::make_unique<LocalStore>(directory);
  WICK_CHECK(store->prepare());
  return store;
}

}  // namespace wick::blob
