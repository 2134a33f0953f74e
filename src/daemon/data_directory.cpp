#include "daemon/data_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <memory>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/clock.h"

namespace wick::daemon {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLockName = "wick.lock";
// The warden of a daemon that was killed holds the lock until it has ended every instance.
constexpr auto kLockPatience = std::chrono::seconds(3);
constexpr auto kLockPause = std::chrono::milliseconds(10);

Result<> make_folder(const std::string& path) {
  std::error_code error;
  if (const fs::path parent = fs::path(path).parent_path(); !parent.empty()) fs::create_directories(parent, error);
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("make the data directory", path);
  return {};
}

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

// Everything in the folder, a folder after what is in it, each by its name in a folder held open: as long as it is root's nobody
// else can put something in its place, and a name never leads elsewhere.
Result<> give_contents(UniqueFd folder, const std::string& path, const Owner& owner) {
  const std::unique_ptr<DIR, CloseFolder> entries(fdopendir(folder.get()));
  if (!entries) return fail_errno("read", path);
  const int fd = folder.release();
  while (const dirent* entry = readdir(entries.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const std::string entry_path = fmt::format("{}/{}", path, name);
    struct stat status{};
    if (fstatat(fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return fail_errno("look at", entry_path);
    if (S_ISDIR(status.st_mode)) {
      UniqueFd child(openat(fd, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!child) return fail_errno("open", entry_path);
      WICK_CHECK(give_contents(std::move(child), entry_path, owner));
    }
    if (fchownat(fd, name.c_str(), owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW) != 0) {
      return fail_errno("give to the daemon's user", entry_path);
    }
  }
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
  UniqueFd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return fail_errno("open", path);
  UniqueFd itself(fcntl(folder.get(), F_DUPFD_CLOEXEC, 0));
  if (!itself) return fail_errno("open", path);
  WICK_CHECK(give_contents(std::move(folder), path, owner));
  // Last, so that it is root's until then.
  if (fchown(itself.get(), owner.uid, owner.gid) != 0) return fail_errno("give to the daemon's user", path);
  return {};
}

Result<UniqueFd> lock_data_directory(const std::string& path) {
  WICK_CHECK(make_folder(path));
  const std::string file = path + "/" + kLockName;
  UniqueFd lock(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return fail_errno("open", file);
  for (const auto until = Clock::system().monotonic() + kLockPatience; flock(lock.get(), LOCK_EX | LOCK_NB) != 0;) {
    if (errno != EWOULDBLOCK) return fail_errno("lock", file);
    if (Clock::system().monotonic() < until) {
      std::this_thread::sleep_for(kLockPause);
      continue;
    }
    return fail(Errc::failed_precondition, fmt::format("{} is in use by another wick serve: stop it, or choose another folder with --data", path));
  }
  return lock;
}

}  // namespace wick::daemon
