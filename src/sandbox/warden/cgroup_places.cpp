#include "sandbox/warden/cgroup_places.h"

#include <algorithm>
#include <vector>

namespace wick::sandbox::warden {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return parts;
}

// The path of the process's group in each tree: by controller for version 1, under "" for version 2.
std::map<std::string_view, std::string_view> parse_cgroup(std::string_view text) {
  std::map<std::string_view, std::string_view> paths;
  for (const std::string_view line : split(text, '\n')) {  // 4:memory:/path
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view path = line.substr(second + 1);
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    if (controllers.empty()) paths[""] = path;
    for (const std::string_view controller : split(controllers, ',')) paths[controller] = path;
  }
  return paths;
}

// A mount shows the tree from root down. A group that is not below it (a bind of another part) counts as its top.
std::string folder_of(std::string_view mount_point, std::string_view root, std::string_view path) {
  std::string folder(mount_point);
  if (root != "/" && path.starts_with(root))
    path.remove_prefix(root.size());
  else if (root != "/")
    path = {};
  if (path != "/") folder.append(path);
  return folder;
}

}  // namespace

CgroupPlaces parse_cgroup_places(std::string_view cgroup, std::string_view mountinfo) {
  const auto paths = parse_cgroup(cgroup);
  CgroupPlaces places;
  for (const std::string_view line : split(mountinfo, '\n')) {
    const auto fields = split(line, ' ');  // id parent device root mount-point options optional... - type source super-options
    const auto dash = std::ranges::find(fields, "-");
    if (dash == fields.end() || fields.end() - dash < 4 || dash - fields.begin() < 6) continue;
    const std::string_view root = fields[3];
    const std::string_view mount_point = fields[4];
    if (dash[1] == "cgroup2") {
      if (const auto path = paths.find(""); path != paths.end() && places.v2.empty()) {
        places.v2 = folder_of(mount_point, root, path->second);
        places.v2_top = mount_point;
      }
    } else if (dash[1] == "cgroup") {
      for (const std::string_view option : split(dash[3], ',')) {
        if (const auto path = paths.find(option); path != paths.end() && !option.empty())
          places.v1.emplace(option, folder_of(mount_point, root, path->second));
      }
    }
  }
  return places;
}

}  // namespace wick::sandbox::warden
