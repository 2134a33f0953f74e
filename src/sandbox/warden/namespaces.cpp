#include "sandbox/warden/namespaces.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <fmt/format.h>

namespace wick::sandbox::warden {

Result<UniqueFd> open_namespace(int proc, pid_t process, std::string_view name) {
  UniqueFd fd(openat(proc, fmt::format("{}/ns/{}", process, name).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("open a namespace", name);
  return fd;
}

Result<bool> is_in_namespace(int proc, pid_t process, std::string_view name, int wanted) {
  struct stat theirs{};
  struct stat ours{};
  if (fstat(wanted, &ours) != 0) return fail_errno("look at a namespace", name);
  if (fstatat(proc, fmt::format("{}/ns/{}", process, name).c_str(), &theirs, 0) != 0) return fail_errno("look at a fork's namespace", name);
  return theirs.st_ino == ours.st_ino && theirs.st_dev == ours.st_dev;
}

}  // namespace wick::sandbox::warden
