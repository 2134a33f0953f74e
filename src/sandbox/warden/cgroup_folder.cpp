#include "sandbox/warden/cgroup_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <memory>
#include <vector>

#include "sandbox/warden/file_at.h"

namespace wick::sandbox::warden {
namespace {

constexpr int kClearTries = 2000;  // each of a millisecond

void wait_a_millisecond() {
  const timespec pause{.tv_sec = 0, .tv_nsec = 1'000'000};
  nanosleep(&pause, nullptr);
}

std::uint64_t to_number(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::vector<std::string> groups_in(int folder) {
  std::vector<std::string> names;
  UniqueFd copy(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, decltype([](DIR* d) { closedir(d); })> listing(copy ? fdopendir(copy.get()) : nullptr);
  if (!listing) return names;
  (void)copy.release();  // the listing's
  while (const dirent* entry = readdir(listing.get())) {
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  return names;
}

}  // namespace

Result<> make_group(int parent, const std::string& name) {
  if (mkdirat(parent, name.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno("make cgroup", name);
  return {};
}

Result<> remove_group(int parent, const std::string& name) {
  if (unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) return fail_errno("remove cgroup", name);
  return {};
}

// A process of another pid namespace shows as 0, which must not be signalled.
bool kill_group(int parent, const std::string& name, pid_t spared) {
  const auto processes = read_at(parent, name + "/cgroup.procs");
  if (!processes) return true;
  bool alone = true;
  for (std::string_view rest = *processes; !rest.empty();) {
    const auto pid = static_cast<pid_t>(to_number(rest));
    if (pid != spared) {
      alone = false;
      if (pid > 1) kill(pid, SIGKILL);
    }
    const std::size_t end = rest.find('\n');
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return alone;
}

Result<UniqueFd> open_door(int parent, const std::string& path) {
  UniqueFd door(openat(parent, path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!door) return fail_errno("open", path);
  return door;
}

void clear_groups(int folder) {
  for (const std::string& group : groups_in(folder)) {
    if (const UniqueFd below(openat(folder, group.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); below) clear_groups(below.get());
    for (int tries = kClearTries; tries > 0 && !(kill_group(folder, group) && remove_group(folder, group)); --tries) wait_a_millisecond();
  }
}

std::uint64_t number_of(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line.starts_with(key) && line.substr(key.size()).starts_with(' ')) return to_number(line.substr(key.size() + 1));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return 0;
}

std::uint64_t read_number(int folder, const std::string& path) {
  const auto text = read_at(folder, path);
  return text ? to_number(*text) : 0;
}

}  // namespace wick::sandbox::warden
