#include "daemon/privileges.h"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

namespace wick::daemon {

Result<User> find_user(const std::string& name) {
  const passwd* entry = getpwnam(name.c_str());
  if (entry == nullptr) {
    return fail(Errc::not_found, fmt::format("there is no user '{}' for the daemon to become: make one with useradd --system {}, or name another "
                                             "with --user",
                                             name, name));
  }
  if (entry->pw_uid == 0) return fail(Errc::invalid_argument, fmt::format("--user {} is root: name an ordinary user", name));
  User user{.name = name, .uid = entry->pw_uid, .gid = entry->pw_gid, .groups = std::vector<gid_t>(64), .home = entry->pw_dir};
  auto count = static_cast<int>(user.groups.size());
  if (getgrouplist(name.c_str(), user.gid, user.groups.data(), &count) < 0)
    return fail(Errc::invalid_argument, fmt::format("user '{}' is in more than 64 groups", name));
  user.groups.resize(static_cast<std::size_t>(count));
  return user;
}

Result<AsUser> AsUser::enter(const User& user) {
  if (setgroups(user.groups.size(), user.groups.data()) != 0) return fail_errno("setgroups", user.name);
  if (setresgid(user.gid, user.gid, 0) != 0) return fail_errno("setresgid", user.name);
  if (setresuid(user.uid, user.uid, 0) != 0) return fail_errno("setresuid", user.name);
  return AsUser();
}

AsUser::~AsUser() {
  if (!entered_) return;
  // Neither root nor the ordinary user would be safe to go on with if this failed.
  if (setresuid(0, 0, 0) != 0 || setresgid(0, 0, 0) != 0 || setgroups(0, nullptr) != 0) std::abort();
}

Result<> become_user(const User& user) {
  if (setgroups(user.groups.size(), user.groups.data()) != 0) return fail_errno("setgroups", user.name);
  if (setresgid(user.gid, user.gid, user.gid) != 0) return fail_errno("setresgid", user.name);
  if (setresuid(user.uid, user.uid, user.uid) != 0) return fail_errno("setresuid", user.name);
  if (setresuid(0, 0, 0) == 0) return fail(Errc::internal, "root could be taken back");
  setenv("HOME", user.home.c_str(), 1);
  setenv("USER", user.name.c_str(), 1);
  setenv("LOGNAME", user.name.c_str(), 1);
  return {};
}

Result<> harden_process() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno("prctl", "PR_SET_NO_NEW_PRIVS");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return fail_errno("prctl", "PR_SET_DUMPABLE");
  return {};
}

}  // namespace wick::daemon
