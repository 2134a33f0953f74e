#include "function/content_folders.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

namespace wick::function {
namespace {

namespace fs = std::filesystem;

constexpr auto kReadableByAll = static_cast<fs::perms>(0755);

std::unexpected<Error> failed(const fs::filesystem_error& error) { return fail(Errc::io, error.what()); }

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

void make_readable_folder(const std::string& path) {
  fs::create_directories(path);
  fs::permissions(path, kReadableByAll);  // whatever the umask: the sandbox's user is another one
}

std::uint64_t bytes_below(const std::string& path) {
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.symlink_status().type() == fs::file_type::regular) bytes += entry.file_size();
  }
  return bytes;
}

}  // namespace

Result<std::unique_ptr<ContentFolders>> ContentFolders::open(const std::string& directory) try {
  const std::string boot_file = directory + "/boot_id";
  const std::string boot = first_line("/proc/sys/kernel/random/boot_id");
  if (boot.empty() || first_line(boot_file) != boot) fs::remove_all(directory);
  make_readable_folder(directory);
  std::ofstream(boot_file) << boot << '\n';
  fs::remove_all(directory + "/tmp");
  make_readable_folder(directory + "/tmp");
  return std::unique_ptr<ContentFolders>(new ContentFolders(directory));
} catch (const fs::filesystem_error& error) {
  return failed(error);
}

Result<ContentFolders::Content> ContentFolders::ensure(const std::string& name, const std::function<Result<>(const std::string&)>& fill) try {
  std::shared_ptr<Folder> folder;
  {
    const std::lock_guard lock(mutex_);
    auto& known = folders_[name];
    if (!known) known = std::make_shared<Folder>();
    folder = known;
  }
  const std::lock_guard one_filling(folder->filling);
  auto& bytes = folder->bytes;
  if (bytes) return Content{*bytes, folder};
  const std::string path = directory_ + "/" + name;
  if (!fs::exists(path)) WICK_CHECK(fill_new(path, fill));
  return Content{bytes.emplace(bytes_below(path)), folder};
} catch (const fs::filesystem_error& error) {
  return failed(error);
}

std::optional<ContentFolders::Content> ContentFolders::find(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = folders_.find(name);
  if (found == folders_.end()) return std::nullopt;
  const std::unique_lock no_filling(found->second->filling, std::try_to_lock);
  if (!no_filling || !found->second->bytes) return std::nullopt;
  return Content{*found->second->bytes, found->second};
}

Result<std::size_t> ContentFolders::sweep(const std::set<std::string>& named, std::stop_token stop) try {
  std::size_t removed = 0;
  for (const auto& entry : fs::directory_iterator(directory_)) {
    if (stop.stop_requested()) break;
    const std::string name = entry.path().filename();
    if (name != "tmp" && entry.is_directory() && !named.contains(name) && remove(name)) ++removed;
  }
  return removed;
} catch (const fs::filesystem_error& error) {
  return failed(error);
}

// False: it is held. Whoever needs the folder meanwhile waits, and fills it again; find(), which may not wait, does not know it.
bool ContentFolders::remove(const std::string& name) {
  std::shared_ptr<Folder> folder;
  std::unique_lock<std::mutex> no_filling;
  {
    const std::lock_guard lock(mutex_);
    auto& known = folders_[name];
    if (!known) known = std::make_shared<Folder>();
    if (known.use_count() > 1) return false;
    folder = known;
    no_filling = std::unique_lock(folder->filling);  // nobody else has it
  }
  const std::string aside = fmt::format("{}/tmp/{}", directory_, next_++);
  folder->bytes.reset();
  fs::rename(directory_ + "/" + name, aside);
  no_filling.unlock();
  fs::remove_all(aside);
  return true;
}

Result<> ContentFolders::fill_new(const std::string& path, const std::function<Result<>(const std::string&)>& fill) {
  const std::string filling = fmt::format("{}/tmp/{}", directory_, next_++);
  make_readable_folder(filling);
  if (auto done = fill(filling); !done) {
    fs::remove_all(filling);
    return done;
  }
  fs::rename(filling, path);
  return {};
}

}  // namespace wick::function
