#include "daemon/privileges.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <functional>

#include <gmock/gmock.h>

namespace wick::daemon {
namespace {

// In a child, since privileges do not come back. Returns its exit status.
int in_child(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string output_of(const char* command) {
  std::string text(256, '\0');
  FILE* pipe = popen(command, "r");
  text.resize(fread(text.data(), 1, text.size(), pipe));
  pclose(pipe);
  return text;
}

std::string status_line(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) return line.substr(line.find_first_not_of(" \t", name.size() + 1));
  }
  return {};
}

TEST(Privileges, AMissingUserSaysHowToMakeIt) {
  const auto user = find_user("no-such-user");
  ASSERT_FALSE(user);
  EXPECT_THAT(user.error().message, AllOf(testing::HasSubstr("useradd --system no-such-user"), testing::HasSubstr("--user")));
  EXPECT_FALSE(find_user("root"));
}

TEST(Privileges, BecomingAUserIsForGood) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const User user = find_user("nobody").value();
  EXPECT_EQ(in_child([&user] {
              if (!become_user(user) || !harden_process()) return 1;
              if (geteuid() != user.uid || getuid() != user.uid || getegid() != user.gid) return 2;
              if (seteuid(0) == 0 || setuid(0) == 0) return 3;
              if (status_line("CapEff") != "0000000000000000" || status_line("CapPrm") != "0000000000000000") return 4;
              if (status_line("NoNewPrivs") != "1" || prctl(PR_GET_DUMPABLE) != 0) return 5;
              return access("/etc/shadow", R_OK) == 0 ? 6 : 0;
            }),
            0);
}

TEST(Privileges, ProgramsRunMeanwhileAreTheUsers) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const User user = find_user("nobody").value();
  EXPECT_EQ(in_child([&user] {
              {
                const auto as_user = AsUser::enter(user);
                if (!as_user) return 1;
                const std::string ids = output_of("grep -E '^(Uid|CapPrm):' /proc/self/status | tr -d '\\n'");
                const std::string uid = std::to_string(user.uid);
                if (ids != "Uid:\t" + uid + "\t" + uid + "\t" + uid + "\t" + uid + "CapPrm:\t0000000000000000") return 2;
              }
              return getuid() == 0 && geteuid() == 0 ? 0 : 3;
            }),
            0);
}

}  // namespace
}  // namespace wick::daemon
