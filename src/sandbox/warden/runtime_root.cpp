#include "sandbox/warden/runtime_root.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "sandbox/warden/file_at.h"

namespace wick::sandbox::warden {
namespace {

namespace fs = std::filesystem;

bool is_beneath(const fs::path& path, const fs::path& folder) { return std::ranges::mismatch(folder, path).in1 == folder.end(); }

}  // namespace

Result<UniqueFd> open_runtime_root(const HostRuntime& runtime, const std::string& data_directory) {
  const auto refuse = [&runtime](const char* why) {
    return fail(Errc::failed_precondition, fmt::format("no {} of {}: {}", runtime.name, runtime.root, why));
  };
  const fs::path root = fs::path(runtime.root).lexically_normal();
  std::error_code failed;
  const fs::path data = fs::canonical(data_directory, failed);
  if (failed || root != runtime.root || !root.has_filename()) return refuse("not a plain path of a folder");
  if (is_beneath(root, data) || is_beneath(data, root)) return refuse("the folder is in or around the data directory");
  WICK_TRY(const UniqueFd top, open_folder("/"));
  WICK_TRY(UniqueFd opened, open_folder_beneath(top.get(), root.relative_path()));
  const std::string interpreter = runtime.name.starts_with("nodejs") ? "bin/node" : "bin/" + runtime.name;
  if (faccessat(opened.get(), interpreter.c_str(), F_OK, 0) != 0) return refuse("the folder does not hold its interpreter");
  return opened;
}

}  // namespace wick::sandbox::warden
