#include "function/zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <locale.h>

#include <algorithm>
#include <optional>

namespace wick::function {
namespace {

// AWS's words.
constexpr const char* kNotAZip = "Could not unzip uploaded file. Please check your file, then try to upload again.";
constexpr const char* kEmptyZip = "Uploaded file must be a non-empty zip";

std::unexpected<Error> refuse(std::string_view name, std::string_view why) {
  return fail(Errc::invalid_argument, fmt::format("Could not unzip uploaded file: \"{}\" {}", name, why));
}

std::unexpected<Error> too_large() { return fail(Errc::too_large, fmt::format("Unzipped size must be smaller than {} bytes", kUnzippedMax)); }

// libarchive turns names into the character set of the calling thread's locale; only with UTF-8 do they stay what they are.
class Utf8Names {
 public:
  Utf8Names() : before_(uselocale(utf8())) {}
  ~Utf8Names() { uselocale(before_); }
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  static locale_t utf8() {
    static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return locale;
  }
  locale_t before_;
};

// Calls each with the parts between slashes, "" and "." left out, until it returns false.
template <class F>
bool each_part(std::string_view path, F each) {
  while (!path.empty()) {
    const auto slash = std::min(path.find('/'), path.size());
    const auto part = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (!part.empty() && part != "." && !each(part)) return false;
  }
  return true;
}

// Empty if the name leads out or is too long for a file system.
std::optional<std::string> normal_name(std::string_view raw) {
  std::string name;
  const bool inside = !raw.starts_with('/') && each_part(raw, [&](std::string_view part) {
    if (part == ".." || part.size() > 255) return false;
    if (!name.empty()) name.push_back('/');
    name.append(part);
    return true;
  });
  if (!inside || name.size() > kZipNameMax) return std::nullopt;
  return name;
}

// Links may climb only at their beginning and no higher than the package's own folder. Then no chain of links leads out either:
// each climbs from a real folder whose depth is known, and after that only descends.
bool stays_inside(std::string_view name, std::string_view target) {
  auto depth = std::count(name.begin(), name.end(), '/');
  bool climbing = true;
  return !target.empty() && !target.starts_with('/') && each_part(target, [&](std::string_view part) {
    if (part != "..") return !(climbing = false);
    return climbing && --depth >= 0;
  });
}

bool is_plain_compression(archive* reader) {
  const std::string_view format = archive_format_name(reader);  // "ZIP 2.0 (deflation)"
  return format.ends_with("(deflation)") || format.ends_with("(uncompressed)");
}

}  // namespace

void ZipReader::Free::operator()(archive* reader) const { archive_read_free(reader); }

Result<ZipReader> ZipReader::open(std::string_view zip, std::uint64_t bytes_max) {
  // Nothing but the end record: libarchive does not take that for a zip.
  if (zip.starts_with("PK\x05\x06")) return fail(Errc::invalid_argument, kEmptyZip);
  ZipReader opened(std::unique_ptr<archive, Free>(archive_read_new()), bytes_max);
  // Entries are found by the central directory only, which alone knows modes and links.
  archive* reader = opened.reader_.get();
  if (reader == nullptr || archive_read_support_format_zip_seekable(reader) != ARCHIVE_OK) {
    return fail(Errc::internal, "libarchive cannot read zips");
  }
  if (archive_read_open_memory(reader, zip.data(), zip.size()) != ARCHIVE_OK) return fail(Errc::invalid_argument, kNotAZip);
  return opened;
}

Result<const ZipEntry*> ZipReader::next() {
  const Utf8Names names;
  do {
    archive_entry* raw = nullptr;
    const int status = archive_read_next_header(reader_.get(), &raw);
    if (status == ARCHIVE_EOF) return nullptr;
    if (status != ARCHIVE_OK) return fail(Errc::invalid_argument, kNotAZip);
    WICK_CHECK(take(raw));
  } while (entry_.name.empty());  // the package's own folder
  return &entry_;
}

Result<> ZipReader::take(archive_entry* raw) {
  const char* raw_name = archive_entry_pathname(raw);
  if (raw_name == nullptr) return fail(Errc::invalid_argument, kNotAZip);
  auto name = normal_name(raw_name);
  if (!name) return refuse(raw_name, "leads out of the package or is too long");
  entry_ = {};
  entry_.name = std::move(*name);
  entry_.executable = (archive_entry_perm(raw) & 0111) != 0;
  entry_.modified_s = archive_entry_mtime(raw);
  switch (archive_entry_filetype(raw)) {
    case AE_IFREG:
      entry_.kind = ZipEntry::Kind::file;
      break;
    case AE_IFDIR:
      entry_.kind = ZipEntry::Kind::folder;
      break;
    case AE_IFLNK:
      entry_.kind = ZipEntry::Kind::link;
      break;
    default:
      return refuse(raw_name, "is neither a file nor a folder nor a symbolic link");
  }
  if (entry_.name.empty() && entry_.kind != ZipEntry::Kind::folder) return refuse(raw_name, "is not a name for a file");
  if (archive_entry_is_encrypted(raw) != 0) return refuse(entry_.name, "is encrypted");
  if (!is_plain_compression(reader_.get())) return refuse(entry_.name, "is compressed by a method other than deflate");
  if (entry_.kind == ZipEntry::Kind::link) {
    const char* target = archive_entry_symlink(raw);
    if (target == nullptr || !stays_inside(entry_.name, target)) return refuse(entry_.name, "is a link that leads out of the package");
    entry_.target = target;
  }
  // An honest bomb is refused before it is unpacked; a lying one when it gets there.
  if (archive_entry_size(raw) > static_cast<std::int64_t>(bytes_max_ - bytes_)) return too_large();
  return count(entry_.kind);
}

Result<> ZipReader::count(ZipEntry::Kind kind) {
  const auto clash = [&] { return refuse(entry_.name, "is both a folder and a file"); };
  if (entry_.name.empty()) return {};
  const auto [known, is_new] = seen_.try_emplace(entry_.name, kind);
  if (!is_new) {
    if ((known->second == ZipEntry::Kind::folder) != (kind == ZipEntry::Kind::folder)) return clash();
    known->second = kind;  // the last of two files with one name wins, as with unzip
  }
  for (std::size_t slash = entry_.name.rfind('/'); slash != std::string::npos; slash = entry_.name.rfind('/', slash - 1)) {
    const auto [parent, new_parent] = seen_.try_emplace(entry_.name.substr(0, slash), ZipEntry::Kind::folder);
    if (parent->second != ZipEntry::Kind::folder) return clash();
    if (!new_parent) break;
  }
  if (seen_.size() > kZipEntriesMax) {
    return fail(Errc::too_large, fmt::format("Could not unzip uploaded file: more than {} files and folders", kZipEntriesMax));
  }
  return {};
}

Result<std::string_view> ZipReader::read() {
  const void* piece = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;  // zips have no holes
  while (size == 0) {
    const int status = archive_read_data_block(reader_.get(), &piece, &size, &offset);
    if (status == ARCHIVE_EOF) return std::string_view();
    if (status != ARCHIVE_OK) return fail(Errc::invalid_argument, kNotAZip);
  }
  if (size > bytes_max_ - bytes_) return too_large();
  bytes_ += size;
  return std::string_view(static_cast<const char*>(piece), size);
}

Result<ZipSummary> inspect_zip(std::string_view zip) {
  WICK_TRY(auto reader, ZipReader::open(zip, kUnzippedMax - 1));  // AWS refuses the very limit
  ZipSummary summary;
  while (true) {
    WICK_TRY(const ZipEntry* entry, reader.next());
    if (entry == nullptr) break;
    if (entry->kind != ZipEntry::Kind::file) continue;
    summary.names.push_back(entry->name);
    for (bool more = true; more;) {
      WICK_TRY(const auto piece, reader.read());
      more = !piece.empty();
    }
  }
  if (summary.names.empty()) return fail(Errc::invalid_argument, kEmptyZip);
  summary.unzipped_bytes = reader.unzipped_bytes();
  return summary;
}

}  // namespace wick::function
