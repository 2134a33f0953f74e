#include "cli/package.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/core.h>

#include "cli/zip.h"

namespace wick::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kZipMax = 52'428'800;  // bytes; AWS, "Lambda quotas"
constexpr std::uint64_t kSourceMax = 1024 * 1024;

Result<std::string> read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail_errno("read", path.string());
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// [a-zA-Z0-9-_], as a function's name must be.
std::string fit_name(std::string name) {
  std::ranges::replace_if(name, [](char c) { return !isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_'; }, '-');
  return name.substr(0, 64);
}

void note(Files& files, const std::string& name, const std::string& text) { files[name] = is_source(name) && text.size() <= kSourceMax ? text : ""; }

Result<Package> package_file(const fs::path& path) {
  WICK_TRY(std::string text, read_file(path));
  Package package;
  package.name = fit_name(path.stem().string());
  // A handler's name ends its file's at the first dot and has no spaces, so the file gets the function's name in the package.
  std::string name = package.name + path.extension().string();
  unsigned mode = 0644;
  if (!kind_of(name)) {
    if (access(path.c_str(), X_OK) != 0) {
      return fail(Errc::invalid_argument,
                  fmt::format("{} is not something to run: give a .py, .mjs, .js or .cjs file, a folder, a .zip, or an executable (chmod +x it)",
                              path.string()));
    }
    name = "bootstrap";
    mode = 0755;
  }
  ZipWriter zip;
  WICK_CHECK(zip.add_file(name, text, mode));
  WICK_TRY(package.zip, zip.finish());
  note(package.files, name, text);
  return package;
}

Result<void> add_entry(ZipWriter& zip, const fs::directory_entry& entry, const std::string& name, Files& files) {
  std::error_code error;
  if (entry.is_symlink(error)) return zip.add_link(name, fs::read_symlink(entry.path(), error).string());
  if (entry.is_directory(error)) return zip.add_folder(name);
  if (!entry.is_regular_file(error)) return {};
  WICK_TRY(const std::string text, read_file(entry.path()));
  note(files, name, text);
  return zip.add_file(name, text, access(entry.path().c_str(), X_OK) == 0 ? 0755 : 0644);
}

Result<Package> package_folder(const fs::path& path) {
  std::vector<fs::directory_entry> entries;
  std::error_code error;
  fs::recursive_directory_iterator walk(path, error);
  for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    const auto name = walk->path().filename();
    if (name == ".git" || name == "__pycache__") {
      walk.disable_recursion_pending();
      continue;
    }
    entries.push_back(*walk);
  }
  if (error) return fail(Errc::io, fmt::format("read folder {}: {}", path.string(), error.message()));
  if (entries.empty()) return fail(Errc::invalid_argument, fmt::format("{} is empty: put the function's code there", path.string()));
  std::ranges::sort(entries, {}, [](const fs::directory_entry& entry) { return entry.path(); });

  Package package;
  package.name = fit_name(fs::absolute(path).lexically_normal().filename().string());
  if (package.name.empty()) package.name = fit_name(fs::absolute(path).lexically_normal().parent_path().filename().string());
  ZipWriter zip;
  for (const auto& entry : entries) WICK_CHECK(add_entry(zip, entry, entry.path().lexically_relative(path).string(), package.files));
  WICK_TRY(package.zip, zip.finish());
  return package;
}

Result<Package> package_zip(const fs::path& path) {
  Package package;
  package.name = fit_name(path.stem().string());
  WICK_TRY(package.zip, read_file(path));
  WICK_CHECK(for_each_zip_file(package.zip, kSourceMax, [&](const std::string& name, const std::string& text) { note(package.files, name, text); }));
  return package;
}

}  // namespace

Result<Package> make_package(const std::string& path) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (!fs::exists(status)) return fail(Errc::not_found, fmt::format("there is no {}", path));
  Result<Package> package = fs::is_directory(status)               ? package_folder(path)
                            : fs::path(path).extension() == ".zip" ? package_zip(path)
                                                                   : package_file(path);
  if (!package) return package;
  if (package->zip.size() > kZipMax) {
    return fail(Errc::too_large, fmt::format("the package is {} bytes zipped, over the {} of a direct upload; put large dependencies into a layer",
                                             package->zip.size(), kZipMax));
  }
  package->handler = find_handler(package->files);
  return package;
}

}  // namespace wick::cli
