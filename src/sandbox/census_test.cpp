#include "sandbox/census_test.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <sstream>
#include <thread>
#include <vector>

#include <fmt/format.h>

namespace wick::sandbox {

namespace fs = std::filesystem;

namespace {

bool is_number(const std::string& text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos; }

// Folders whose path has name in it. Others come and go meanwhile, so that what cannot be read does not count.
std::size_t count_below(const fs::path& folder, const std::string& name, int depth) {
  std::size_t count = 0;
  std::error_code error;
  std::vector<fs::path> folders;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code gone;
    if (entry->is_directory(gone)) folders.push_back(entry->path());
  }
  for (const fs::path& path : folders) {
    if (path.string().find(name) != std::string::npos) ++count;
    if (depth > 0) count += count_below(path, name, depth - 1);
  }
  return count;
}

std::size_t entries(const fs::path& folder) {
  std::error_code error;
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder, error), {}));
}

}  // namespace

std::string text_of(const fs::path& path) {
  std::string text;
  if (const std::unique_ptr<FILE, decltype([](FILE* f) { std::fclose(f); })> file(std::fopen(path.c_str(), "r")); file) {
    char piece[4096];
    while (const std::size_t size = std::fread(piece, 1, sizeof(piece), file.get())) text.append(piece, size);
  }
  return text;
}

char state_of(pid_t pid) {
  const std::string stat = text_of(fmt::format("/proc/{}/stat", pid));
  const std::size_t end = stat.rfind(')');
  return end != std::string::npos ? stat[end + 2] : '\0';
}

bool runs(pid_t pid) {
  const char state = state_of(pid);
  return state != '\0' && state != 'Z' && state != 'X';
}

std::string cpu_parent_of(pid_t pid) {
  std::istringstream groups(text_of(fmt::format("/proc/{}/cgroup", pid)));  // 4:cpu,cpuacct:/path, or 0::/path
  for (std::string line; std::getline(groups, line);) {
    const std::string controllers = "," + line.substr(line.find(':') + 1, line.rfind(':') - line.find(':') - 1) + ",";
    if (controllers == ",," || controllers.find(",cpu,") != std::string::npos) return fs::path(line).parent_path().filename().string();
  }
  return {};
}

std::set<pid_t> descendants(pid_t ancestor) {
  std::multimap<pid_t, pid_t> children;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    if (!is_number(entry.path().filename())) continue;
    const std::string stat = text_of(entry.path() / "stat");
    const std::size_t end = stat.rfind(')');
    if (end != std::string::npos) children.emplace(std::stoi(stat.substr(end + 4)), std::stoi(entry.path().filename()));
  }
  std::set<pid_t> found;
  const auto visit = [&](auto& self, pid_t parent) -> void {
    const auto [begin, last] = children.equal_range(parent);
    for (auto child = begin; child != last; ++child) {
      found.insert(child->second);
      self(self, child->second);
    }
  };
  visit(visit, ancestor);
  return found;
}

std::size_t cgroup_count(const fs::path& data) {
  struct stat status{};
  stat(data.c_str(), &status);
  const std::string name = fmt::format("wick-{:x}-{:x}", status.st_dev, status.st_ino);
  return count_below("/sys/fs/cgroup", name, 8);
}

Census take_census(pid_t warden, const fs::path& data) {
  std::set<std::string> networks;
  for (const pid_t pid : descendants(getpid())) {
    std::error_code error;
    networks.insert(fs::read_symlink(fmt::format("/proc/{}/ns/net", pid), error).string());
  }
  const std::string mounts = text_of(fmt::format("/proc/{}/mountinfo", warden));
  return {.processes = descendants(getpid()).size(),
          .cgroups = cgroup_count(data),
          .mounts = static_cast<std::size_t>(std::ranges::count(mounts, '\n')),
          .descriptors = entries("/proc/self/fd") + entries(fmt::format("/proc/{}/fd", warden)),
          .networks = networks.size()};
}

std::ostream& operator<<(std::ostream& out, const Census& census) {
  return out << fmt::format("{} processes, {} cgroups, {} mounts, {} descriptors, {} networks", census.processes, census.cgroups, census.mounts,
                            census.descriptors, census.networks);
}

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace wick::sandbox
