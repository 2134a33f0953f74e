#include "function/runtime_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <re2/re2.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/fd.h"
#include "function/runtime_search.h"

namespace wick::function {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHeaderMax = 64 * 1024;           // bytes of a header that are read
constexpr std::size_t kProgramMax = 512 * 1024 * 1024;  // bytes of a program that are looked through
constexpr std::size_t kPiece = 1024 * 1024;
constexpr std::size_t kOverlap = 128;  // a version lies whole in one of two pieces

const RE2& python_program() {
  static const RE2 form(R"(python3\.(\d{1,3}))");
  return form;
}

bool is_file_within(const fs::path& folder, const fs::path& file) {
  std::error_code failed;
  const fs::path real_folder = fs::canonical(folder, failed);
  if (failed) return false;
  const fs::path real = fs::canonical(file, failed);
  return !failed && is_beneath(real, real_folder) && fs::is_regular_file(real, failed);
}

// Calls look with pieces of the file that overlap, until it returns true.
template <class Look>
void look_through(const fs::path& path, std::size_t bytes_max, Look look) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  std::string piece;
  for (std::size_t done = 0; done < bytes_max;) {
    const std::size_t kept = std::min(piece.size(), kOverlap);
    piece.erase(0, piece.size() - kept);
    piece.resize(kept + std::min(kPiece, bytes_max - done));
    const ssize_t n = read(file.get(), piece.data() + kept, piece.size() - kept);
    if (n <= 0) return;
    piece.resize(kept + static_cast<std::size_t>(n));
    done += static_cast<std::size_t>(n);
    if (look(piece)) return;
  }
}

std::string header(const fs::path& path) {
  std::string text;
  look_through(path, kHeaderMax, [&](const std::string& piece) {
    text = piece;
    return true;
  });
  return text;
}

std::string python_version(const fs::path& folder, const std::string& program) {
  static const RE2 version(R"re(#define\s+PY_VERSION\s+"(3\.\d{1,3}\.[\w.+]{1,32})")re");
  std::string found;
  RE2::PartialMatch(header(folder / "include" / program / "patchlevel.h"), version, &found);
  const std::string minor = program.substr(std::string_view("python").size());
  return found.starts_with(minor + ".") ? found : minor;
}

std::string node_version(const fs::path& folder) {
  static const RE2 parts(
      R"((?s)#define NODE_MAJOR_VERSION (\d{1,4})\b.*#define NODE_MINOR_VERSION (\d{1,4})\b.*#define NODE_PATCH_VERSION (\d{1,4})\b)");
  std::string major, minor, patch;
  if (RE2::PartialMatch(header(folder / "include/node/node_version.h"), parts, &major, &minor, &patch)) {
    return fmt::format("{}.{}.{}", major, minor, patch);
  }
  static const RE2 release(R"(/node-v(\d{1,4}\.\d{1,4}\.\d{1,4})\.tar\.gz)");  // the link to its source, process.release.sourceUrl
  std::string found;
  look_through(folder / "bin/node", kProgramMax, [&](const std::string& piece) { return RE2::PartialMatch(piece, release, &found); });
  return found;
}

std::optional<Runtime> python_in(const std::string& folder, const std::string& program) {
  int minor = 0;
  if (!RE2::FullMatch(program, python_program(), &minor) || minor < kPythonMinorMin) return std::nullopt;
  if (!is_file_within(folder, fs::path(folder) / "bin" / program)) return std::nullopt;
  return Runtime{program, RuntimeKind::python, folder, python_version(folder, program)};
}

std::optional<Runtime> node_in(const std::string& folder) {
  if (!is_file_within(folder, fs::path(folder) / "bin/node")) return std::nullopt;
  std::string version = node_version(folder);
  const int major = std::atoi(version.c_str());
  if (major < kNodeMajorMin) return std::nullopt;
  return Runtime{fmt::format("nodejs{}.x", major), RuntimeKind::node, folder, std::move(version)};
}

}  // namespace

std::optional<Runtime> read_runtime(const std::string& folder) {
  std::error_code ignored;
  if (fs::exists(fs::path(folder) / "pyvenv.cfg", ignored)) return std::nullopt;
  std::vector<std::string> programs;
  for (fs::directory_iterator at(fs::path(folder) / "bin", ignored), end; at != end; at.increment(ignored)) {
    programs.push_back(at->path().filename());
  }
  std::ranges::sort(programs, [](const auto& a, const auto& b) { return strverscmp(a.c_str(), b.c_str()) > 0; });
  for (const auto& program : programs) {
    if (auto python = python_in(folder, program)) return python;
  }
  return node_in(folder);
}

std::optional<Runtime> read_installed_runtime(const std::string& folder) {
  std::error_code failed;
  if (!fs::is_directory(fs::symlink_status(folder, failed))) return std::nullopt;
  const std::string name = fs::path(folder).filename();
  if (RE2::FullMatch(name, python_program())) return python_in(folder, name);
  std::string major;
  if (!RE2::FullMatch(name, R"(nodejs(\d{2,3})\.x)", &major) || !is_file_within(folder, fs::path(folder) / "bin/node")) return std::nullopt;
  std::string version = node_version(folder);
  return Runtime{name, RuntimeKind::node, folder, version.starts_with(major + ".") ? std::move(version) : std::move(major)};
}

std::vector<Runtime> read_installed_runtimes(const std::string& folder) {
  std::vector<Runtime> runtimes;
  std::error_code ignored;
  for (fs::directory_iterator at(folder, ignored), end; at != end; at.increment(ignored)) {
    if (auto runtime = read_installed_runtime(at->path())) runtimes.push_back(std::move(*runtime));
  }
  return runtimes;
}

}  // namespace wick::function
