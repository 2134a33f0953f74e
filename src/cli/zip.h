#pragma once
// Zips in memory (libarchive underneath).
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct archive;

namespace wick::cli {

class ZipWriter {
 public:
  ZipWriter();
  ~ZipWriter();

  Result<> add_file(const std::string& name, std::string_view content, unsigned mode);
  Result<> add_folder(const std::string& name);
  Result<> add_link(const std::string& name, const std::string& target);
  Result<std::string> finish();

 private:
  Result<> check(int result, const std::string& name);
  std::string bytes_;
  archive* archive_;
};

// Calls back for each file, with its text, or an empty one where it is larger than text_max.
Result<> for_each_zip_file(std::string_view zip, std::uint64_t text_max, const std::function<void(const std::string& name, std::string text)>& call);

}  // namespace wick::cli
