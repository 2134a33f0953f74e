// Any bytes as a deployment package: inspecting and unpacking must come to the same verdict, and whatever is unpacked stays inside
// its folder and has the modes promised.
//
// Few bytes are a zip by chance. So the input is also the recipe of one: a line "Kname=content" for each entry, K its kind, and then, after
// an empty line, what is damaged in it: two bytes that say where, one that says what.
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "function/test_zip.h"
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
    std::error_code circle;
    const auto target = fs::weakly_canonical(entry.path().parent_path() / fs::read_symlink(entry.path()), circle).string();
    if (circle == std::errc::too_many_symbolic_link_levels) continue;  // leads nowhere
    require((target + "/").starts_with(folder + "/"));
  }
  require(found <= bytes);  // less, where one file replaced another of its name
}

std::string_view take(std::string_view& rest, char end) {
  const std::size_t size = std::min(rest.find(end), rest.size());
  const std::string_view piece = rest.substr(0, size);
  rest.remove_prefix(std::min(size + 1, rest.size()));
  return piece;
}

std::string zip_of(std::string_view recipe) {
  constexpr unsigned kModes[] = {AE_IFREG | 0644, AE_IFREG | 0755, AE_IFDIR | 0755, AE_IFLNK | 0777};
  std::vector<function::TestEntry> entries;
  for (std::string_view line = take(recipe, '\n'); !line.empty(); line = take(recipe, '\n')) {
    const unsigned mode = kModes[static_cast<unsigned char>(line.front()) % std::size(kModes)];
    line.remove_prefix(1);
    const std::string name(take(line, '='));
    const bool is_link = mode == (AE_IFLNK | 0777);
    entries.push_back({name, is_link ? std::string() : std::string(line), mode, is_link ? std::string(line) : std::string()});
  }
  std::string zip = function::make_zip(entries);
  for (; recipe.size() >= 3 && !zip.empty(); recipe.remove_prefix(3)) {
    const auto place = static_cast<unsigned char>(recipe[0]) * 256U + static_cast<unsigned char>(recipe[1]);
    zip[zip.size() - 1 - place % zip.size()] = recipe[2];
  }
  return zip;
}

void check(std::string_view zip) {
  const std::string folder = workplace() + "/folder";
  fs::create_directory(folder);

  const auto summary = function::inspect_zip(zip);
  const auto bytes = function::unpack_zip(zip, folder, function::kUnzippedMax);
  if (bytes) check_tree(folder, *bytes);
  if (summary) require(bytes && *bytes == summary->unzipped_bytes);
  if (bytes && !summary) require(*bytes == 0);  // no files: refused as a package, allowed as a layer

  for (const auto& entry : fs::directory_iterator(workplace())) require(entry.path() == folder);
  fs::remove_all(folder);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check(bytes);
  check(zip_of(bytes));
  return 0;
}
