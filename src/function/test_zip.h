#pragma once
// Makes zips for tests, evil ones too. No part of the program includes it.
#include <archive.h>
#include <archive_entry.h>

#include <cstdint>
#include <string>
#include <vector>

namespace wick::function {

struct TestEntry {
  std::string name;
  std::string content;
  unsigned mode = AE_IFREG | 0644;
  std::string target = {};  // of a link
};

inline TestEntry test_link(std::string name, std::string target) { return {std::move(name), {}, AE_IFLNK | 0777, std::move(target)}; }

inline std::string make_zip(const std::vector<TestEntry>& entries, const char* passphrase = nullptr) {
  std::size_t size = 1 << 16;
  for (const auto& entry : entries) size += 2 * entry.name.size() + entry.content.size() + 512;
  std::string zip(size, '\0');
  archive* writer = archive_write_new();
  archive_write_set_format_zip(writer);
  if (passphrase != nullptr) {
    archive_write_set_options(writer, "zip:encryption=zipcrypt");
    archive_write_set_passphrase(writer, passphrase);
  }
  archive_write_set_bytes_in_last_block(writer, 1);
  archive_write_open_memory(writer, zip.data(), zip.size(), &size);
  for (const auto& entry : entries) {
    archive_entry* header = archive_entry_new();
    archive_entry_set_pathname(header, entry.name.c_str());
    archive_entry_set_mode(header, entry.mode);
    archive_entry_set_mtime(header, 1'700'000'000, 0);
    archive_entry_set_size(header, static_cast<std::int64_t>(entry.content.size()));
    if (!entry.target.empty()) archive_entry_set_symlink(header, entry.target.c_str());
    archive_write_header(writer, header);
    archive_write_data(writer, entry.content.data(), entry.content.size());
    archive_entry_free(header);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  zip.resize(size);
  return zip;
}

}  // namespace wick::function
