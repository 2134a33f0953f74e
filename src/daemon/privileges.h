#pragma once
// How a daemon that root started becomes an ordinary user for good. Call all of it before there are threads.
//
// Between the start and drop_privileges() the process holds root only to bind ports, hand over the data directory and start the
// warden; what else must run before that (interpreters that say their version) runs as the ordinary user already.
#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace wick::daemon {

struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  std::string home;
};

// Errors: not_found (says how to make the user), invalid_argument (the user is root).
Result<User> find_user(const std::string& name);

// Takes the user's identity while it lives and root's again afterwards. A program run meanwhile has only the user's: exec(2) makes
// the saved user id the effective one.
class AsUser {
 public:
  static Result<AsUser> enter(const User& user);
  AsUser(AsUser&& other) noexcept : entered_(std::exchange(other.entered_, false)) {}
  AsUser& operator=(AsUser&&) = delete;
  ~AsUser();

 private:
  AsUser() = default;
  bool entered_ = true;
};

// For good: groups, all three ids, no capability left, no set-id program gives any back.
Result<> become_user(const User& user);

// What every daemon does, whoever started it: no new privileges, no core dump and no ptrace by its own user.
Result<> harden_process();

}  // namespace wick::daemon
