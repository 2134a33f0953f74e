#include "cli/zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

namespace wick::cli {
namespace {

constexpr time_t kFixedTime = 315'532'800;  // 1980-01-01, the first that a zip can hold

la_ssize_t append(archive*, void* bytes, const void* data, std::size_t size) {
  static_cast<std::string*>(bytes)->append(static_cast<const char*>(data), size);
  return static_cast<la_ssize_t>(size);
}

using Entry = std::unique_ptr<archive_entry, decltype([](archive_entry* entry) { archive_entry_free(entry); })>;
using Reader = std::unique_ptr<archive, decltype([](archive* reader) { archive_read_free(reader); })>;

Entry make_entry(const std::string& name, mode_t mode) {
  Entry entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_mode(entry.get(), mode);
  archive_entry_set_mtime(entry.get(), kFixedTime, 0);
  return entry;
}

}  // namespace

ZipWriter::ZipWriter() : archive_(archive_write_new()) {
  archive_write_set_format_zip(archive_);
  archive_write_set_bytes_in_last_block(archive_, 1);
  archive_write_open(archive_, &bytes_, nullptr, append, nullptr);
}

ZipWriter::~ZipWriter() { archive_write_free(archive_); }

Result<> ZipWriter::check(int result, const std::string& name) {
  if (result >= ARCHIVE_WARN) return {};
  return fail(Errc::io, "zip " + name + ": " + archive_error_string(archive_));
}

Result<> ZipWriter::add_file(const std::string& name, std::string_view content, unsigned mode) {
  const Entry entry = make_entry(name, S_IFREG | mode);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
  WICK_CHECK(check(archive_write_header(archive_, entry.get()), name));
  const la_ssize_t written = archive_write_data(archive_, content.data(), content.size());
  return check(written < 0 ? ARCHIVE_FATAL : ARCHIVE_OK, name);
}

Result<> ZipWriter::add_folder(const std::string& name) {
  return check(archive_write_header(archive_, make_entry(name, S_IFDIR | 0755).get()), name);
}

Result<> ZipWriter::add_link(const std::string& name, const std::string& target) {
  const Entry entry = make_entry(name, S_IFLNK | 0777);
  archive_entry_set_symlink(entry.get(), target.c_str());
  return check(archive_write_header(archive_, entry.get()), name);
}

Result<std::string> ZipWriter::finish() {
  WICK_CHECK(check(archive_write_close(archive_), "to its end"));
  return std::move(bytes_);
}

Result<> for_each_zip_file(std::string_view zip, std::uint64_t text_max, const std::function<void(const std::string& name, std::string text)>& call) {
  const Reader reader(archive_read_new());
  archive_read_support_format_zip(reader.get());
  if (archive_read_open_memory(reader.get(), zip.data(), zip.size()) != ARCHIVE_OK) return fail(Errc::invalid_argument, "this is not a zip file");
  archive_entry* entry = nullptr;
  int result = ARCHIVE_OK;
  while ((result = archive_read_next_header(reader.get(), &entry)) == ARCHIVE_OK || result == ARCHIVE_WARN) {
    if (archive_entry_filetype(entry) != AE_IFREG) continue;
    std::string text;
    if (std::cmp_less_equal(archive_entry_size(entry), text_max)) {
      text.resize(static_cast<std::size_t>(archive_entry_size(entry)));
      if (archive_read_data(reader.get(), text.data(), text.size()) < 0) text.clear();
    }
    call(archive_entry_pathname(entry), std::move(text));
  }
  if (result != ARCHIVE_EOF) return fail(Errc::invalid_argument, std::string("this zip file is broken: ") + archive_error_string(reader.get()));
  return {};
}

}  // namespace wick::cli
