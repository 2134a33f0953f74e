#pragma once
// Reading a zip that comes from a stranger. The reader walks the entries and hands out only those that are safe to unpack:
// plain files, folders, and symbolic links that stay inside; with names that stay inside, no encryption, no compression other than
// deflate (others need memory that the archive chooses), and no more entries or bytes than allowed. Sizes are counted as they are
// unpacked, whatever the archive declares. So inspecting and unpacking come to the same verdict.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

struct archive;
struct archive_entry;

namespace wick::function {

inline constexpr std::uint64_t kUnzippedMax = 262'144'000;  // bytes, package and layers together (AWS, "Lambda quotas": 250 MB)
inline constexpr std::uint64_t kZippedMax = 52'428'800;     // bytes, a zip in the request itself (50 MB)
inline constexpr std::size_t kZipEntriesMax = 100'000;      // files, links and folders, also those only implied by a longer name
inline constexpr std::size_t kZipNameMax = 1024;            // bytes; each part at most 255

struct ZipEntry {
  enum class Kind { file, folder, link };
  std::string name;  // relative, parts joined by single slashes, no "." or ".."
  Kind kind = Kind::file;
  bool executable = false;
  std::int64_t modified_s = 0;  // Unix time
  std::string target;           // of a link
};

// One pass over a zip in memory, which must outlive it. For one thread.
// Errors: invalid_argument (not a zip, damaged, or an entry refused), too_large.
class ZipReader {
 public:
  static Result<ZipReader> open(std::string_view zip, std::uint64_t bytes_max = kUnzippedMax);

  Result<const ZipEntry*> next();   // nullptr after the last; skips what was not read of the entry before
  Result<std::string_view> read();  // the next piece of the present file, valid until the next call; empty at its end
  std::uint64_t unzipped_bytes() const { return bytes_; }

 private:
  struct Free {
    void operator()(archive* reader) const;
  };

  ZipReader(std::unique_ptr<archive, Free> reader, std::uint64_t bytes_max) : reader_(std::move(reader)), bytes_max_(bytes_max) {}
  Result<> take(archive_entry* raw);
  Result<> count(ZipEntry::Kind kind);

  std::unique_ptr<archive, Free> reader_;
  std::uint64_t bytes_max_;
  std::uint64_t bytes_ = 0;
  ZipEntry entry_;
  std::unordered_map<std::string, ZipEntry::Kind> seen_;
};

struct ZipSummary {
  std::uint64_t unzipped_bytes = 0;
  std::vector<std::string> names;  // of files, in archive order
};

// Reads a whole zip without writing anything. Errors as ZipReader's, and invalid_argument for one without any file.
Result<ZipSummary> inspect_zip(std::string_view zip);

}  // namespace wick::function
