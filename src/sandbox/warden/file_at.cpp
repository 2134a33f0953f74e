#include "sandbox/warden/file_at.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace wick::sandbox::warden {

Result<std::string> read_at(int folder, const std::string& path) {
  const UniqueFd file(openat(folder, path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail_errno("open", path);
  std::string text;
  char piece[4096];
  while (text.size() < 64 * 1024) {
    const ssize_t n = read(file.get(), piece, sizeof(piece));
    if (n < 0) return fail_errno("read", path);
    if (n == 0) break;
    text.append(piece, static_cast<std::size_t>(n));
  }
  return text;
}

Result<> write_at(int folder, const std::string& path, std::string_view text) {
  const UniqueFd file(openat(folder, path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return fail_errno("open", path);
  if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return fail_errno("write", path);
  return {};
}

Result<UniqueFd> open_folder_beneath(int folder, const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  UniqueFd found(static_cast<int>(syscall(SYS_openat2, folder, path.c_str(), &how, sizeof(how))));
  if (!found) {
    auto error = fail_errno("open", path);
    error.error().code = Errc::not_found;
    return error;
  }
  return found;
}

Result<UniqueFd> open_folder(const std::string& path) {
  UniqueFd found(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!found) return fail_errno("open", path);
  return found;
}

}  // namespace wick::sandbox::warden
