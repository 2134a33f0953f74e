// Any bytes as a deployment package: inspecting and unpacking must come to the same verdict, and whatever is unpacked stays inside
// its folder and has the modes promised.
#include <sys/stat.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "function/zip.h"
#include "function/zip_unpack.h"

namespace fs = std::filesystem;
using namespace wick;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

const std::string& workplace() {
  static const std::string path = [] {
    std::string name = (fs::exists("/dev/shm") ? "/dev/shm" : "/tmp") + std::string("/zip_fuzz_XXXXXX");
    require(mkdtemp(name.data()) != nullptr);
    return name;
  }();
  return path;
}

void check_tree(const std::string& folder, std::uint64_t bytes) {
  std::uint64_t found = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    struct stat status{};
    require(lstat(entry.path().c_str(), &status) == 0);
    const auto type = status.st_mode & S_IFMT;
    const auto mode = status.st_mode & ~static_cast<mode_t>(S_IFMT);
    require(type == S_IFREG || type == S_IFDIR || type == S_IFLNK);
    if (type == S_IFREG) require(mode == 0644 || mode == 0755);
    if (type == S_IFDIR) require(mode == 0755);
    if (type == S_IFREG) found += static_cast<std::uint64_t>(status.st_size);
    if (type != S_IFLNK) continue;
    const auto target = fs::weakly_canonical(entry.path().parent_path() / fs::read_symlink(entry.path())).string();
    require((target + "/").starts_with(folder + "/"));
  }
  require(found <= bytes);  // less, where one file replaced another of its name
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view zip(reinterpret_cast<const char*>(data), size);
  const std::string folder = workplace() + "/folder";
  fs::create_directory(folder);

  const auto summary = function::inspect_zip(zip);
  const auto bytes = function::unpack_zip(zip, folder, function::kUnzippedMax);
  if (bytes) check_tree(folder, *bytes);
  if (summary) require(bytes && *bytes == summary->unzipped_bytes);
  if (bytes && !summary) require(*bytes == 0);  // no files: refused as a package, allowed as a layer

  for (const auto& entry : fs::directory_iterator(workplace())) require(entry.path() == folder);
  fs::remove_all(folder);
  return 0;
}
