#include "function/zip_unpack.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/fd.h"
#include "function/zip.h"

namespace wick::function {
namespace {

std::unexpected<Error> refuse_or_fail(std::string_view operation, const std::string& name) {
  if (errno == ENOTDIR || errno == ELOOP || errno == EISDIR) {
    return fail(Errc::invalid_argument, fmt::format("Could not unzip uploaded file: \"{}\" is both a folder and a file", name));
  }
  return fail_errno(operation, name);
}

class Unpacker {
 public:
  explicit Unpacker(UniqueFd root) : root_(std::move(root)) {}

  Result<> add(ZipReader& zip, const ZipEntry& entry) {
    if (entry.kind == ZipEntry::Kind::folder) return enter(entry.name);
    const auto slash = entry.name.rfind('/');
    WICK_CHECK(enter(slash == std::string::npos ? std::string() : entry.name.substr(0, slash)));
    const std::string last = entry.name.substr(slash + 1);  // npos + 1 is 0
    if (unlinkat(here(), last.c_str(), 0) != 0 && errno != ENOENT) return refuse_or_fail("replace", entry.name);
    if (entry.kind == ZipEntry::Kind::file) return write_file(zip, entry, last);
    if (symlinkat(entry.target.c_str(), here(), last.c_str()) != 0) return fail_errno("link", entry.name);
    return {};
  }

 private:
  int here() const { return folder_name_.empty() ? root_.get() : folder_.get(); }

  // Makes folder_ the folder of that name, made if missing. Archives list a folder's files together, so it is mostly there already.
  Result<> enter(const std::string& name) {
    if (name == folder_name_) return {};
    UniqueFd at;
    for (std::size_t from = 0; from < name.size();) {
      const auto slash = std::min(name.find('/', from), name.size());
      const std::string part = name.substr(from, slash - from);
      const int above = at ? at.get() : root_.get();
      const bool made = mkdirat(above, part.c_str(), 0755) == 0;
      if (!made && errno != EEXIST) return fail_errno("make", name);
      UniqueFd next(openat(above, part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!next) return refuse_or_fail("open", name);
      if (made && fchmod(next.get(), 0755) != 0) return fail_errno("set the mode of", name);
      at = std::move(next);
      from = slash + 1;
    }
    folder_ = std::move(at);
    folder_name_ = name;
    return {};
  }

  Result<> write_file(ZipReader& zip, const ZipEntry& entry, const std::string& last) {
    const UniqueFd file(openat(here(), last.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return fail_errno("make", entry.name);
    while (true) {
      WICK_TRY(auto piece, zip.read());
      if (piece.empty()) break;
      while (!piece.empty()) {
        const ssize_t n = write(file.get(), piece.data(), piece.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno("write", entry.name);
        piece.remove_prefix(static_cast<std::size_t>(n));
      }
    }
    if (fchmod(file.get(), entry.executable ? 0755 : 0644) != 0) return fail_errno("set the mode of", entry.name);
    const timespec times[2] = {{0, UTIME_OMIT}, {entry.modified_s, 0}};
    if (futimens(file.get(), times) != 0) return fail_errno("set the time of", entry.name);
    return {};
  }

  UniqueFd root_;
  UniqueFd folder_;
  std::string folder_name_;  // empty: the root
};

}  // namespace

Result<std::uint64_t> unpack_zip(std::string_view zip, const std::string& folder, std::uint64_t bytes_max) {
  UniqueFd root(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail_errno("open", folder);
  WICK_TRY(auto reader, ZipReader::open(zip, bytes_max));
  Unpacker unpacker(std::move(root));
  while (true) {
    WICK_TRY(const ZipEntry* entry, reader.next());
    if (entry == nullptr) return reader.unzipped_bytes();
    WICK_CHECK(unpacker.add(reader, *entry));
  }
}

}  // namespace wick::function
