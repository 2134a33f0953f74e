#include "daemon/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include <fmt/format.h>

namespace wick::daemon {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLockName = "wick.lock";

Result<> make_folder(const std::string& path) {
  std::error_code error;
  if (const fs::path parent = fs::path(path).parent_path(); !parent.empty()) fs::create_directories(parent, error);
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("make the data directory", path);
  return {};
}

Result<> give(const fs::path& path, const Owner& owner) {
  if (lchown(path.c_str(), owner.uid, owner.gid) != 0) return fail_errno("give to the daemon's user", path.string());
  return {};
}

}  // namespace

Result<> hand_over_data_directory(const std::string& path, const Owner& owner) {
  WICK_CHECK(make_folder(path));
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return fail_errno("look at", path);
  if (status.st_uid == owner.uid) return {};
  if (status.st_uid != 0) {
    return fail(Errc::failed_precondition, fmt::format("{} belongs to user id {}: choose another --data, start as that user (--user), or chown -R it "
                                                       "to the daemon's user",
                                                       path, status.st_uid));
  }
  std::error_code error;
  if (!fs::is_empty(path, error) && !fs::exists(fs::path(path) / kLockName, error)) {
    return fail(Errc::failed_precondition, fmt::format("{} is root's and holds files that are not Wick's: give --data an empty folder", path));
  }
  // The folder stays root's until the last step, so that nobody can put a link in the way meanwhile.
  for (auto entry = fs::recursive_directory_iterator(path, error); !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    WICK_CHECK(give(entry->path(), owner));
  }
  if (error) return fail(Errc::io, fmt::format("read {}: {}", path, error.message()));
  return give(path, owner);
}

Result<UniqueFd> lock_data_directory(const std::string& path) {
  WICK_CHECK(make_folder(path));
  const std::string file = path + "/" + kLockName;
  UniqueFd lock(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return fail_errno("open", file);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail_errno("lock", file);
    return fail(Errc::failed_precondition, fmt::format("{} is in use by another wick serve: stop it, or choose another folder with --data", path));
  }
  return lock;
}

}  // namespace wick::daemon
