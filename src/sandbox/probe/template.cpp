// Runs inside an instance as a template. MODE=stop: it stops itself, and MODE=deaf: it does not listen, each after it has said that it is
// parked. MODE=harass: a child of it stops, once the daemon says so, every process of the warden's that it sees. Its forks run the shell script that
// their environment has in DO.
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>
#include <vector>

#include "native/wick_fork.h"

namespace {

constexpr int kChannel = 3;
constexpr int kControl = 4;
constexpr std::size_t kBallast = 8 * 1024 * 1024;  // memory that a template has and its forks share

char text[WICK_ENVIRONMENT_MAX];

// Those are of no session that is to be seen from here. The numbers of new ones are known beforehand.
[[noreturn]] void harass() {
  constexpr pid_t kAhead = 64;
  char start = 0;
  (void)read(kChannel, &start, 1);
  for (pid_t last = getpid();;) {
    const pid_t first = last + 1;
    for (pid_t pid = first; pid < first + kAhead; ++pid) {
      const pid_t session = getsid(pid);
      if (session == 0) kill(pid, SIGSTOP);
      if (session > 0) last = pid;
    }
  }
}

}  // namespace

int main() {
  const std::vector<char> ballast(kBallast, 1);
  const char* mode = getenv("MODE");
  if (send(kChannel, "parked", 6, 0) != 6) return 1;
  if (mode != nullptr && std::string_view(mode) == "stop") raise(SIGSTOP);
  if (mode != nullptr && std::string_view(mode) == "deaf") pause();
  if (mode != nullptr && std::string_view(mode) == "leave") return 7;
  if (mode != nullptr && std::string_view(mode) == "harass" && fork() == 0) harass();
  wick_park(kControl);
  const int size = wick_adopt(text);
  for (char* entry = text; entry < text + size; entry += strlen(entry) + 1) putenv(entry);
  execl("/bin/sh", "sh", "-c", getenv("DO"), nullptr);
  return 1;
}
