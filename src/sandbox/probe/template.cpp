// Runs inside an instance as a template. MODE=stop: it stops itself, and MODE=deaf: it does not listen, each after it has said that it is
// parked. MODE=harass: a child of it stops, once the daemon says so, every process of the warden's that it sees. MODE=squat: a child of it
// is given the doors of each place's control groups, and puts a process into each of them. Its forks run the shell script that
// their environment has in DO.
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
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

int squatter = -1;  // a socket to it, where there is one

// A message of one byte with one descriptor.
struct DoorMessage {
  char byte = 0;
  iovec vector{.iov_base = &byte, .iov_len = 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> parts{};
  msghdr header{};

  DoorMessage() {
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = parts.data();
    header.msg_controllen = parts.size();
  }
  DoorMessage(const DoorMessage&) = delete;
  DoorMessage& operator=(const DoorMessage&) = delete;
};

// For the library by which it forks (wick_fork.h), the only caller of write here: those of one "0" are to doors.
void pass_on(int door) {
  DoorMessage message;
  cmsghdr* part = CMSG_FIRSTHDR(&message.header);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(part), &door, sizeof(door));
  (void)sendmsg(squatter, &message.header, MSG_NOSIGNAL);
}

int take_door(int socket) {
  DoorMessage message;
  if (recvmsg(socket, &message.header, 0) != 1 || CMSG_FIRSTHDR(&message.header) == nullptr) _exit(1);
  int door = -1;
  memcpy(&door, CMSG_DATA(CMSG_FIRSTHDR(&message.header)), sizeof(door));
  return door;
}

// Each door is entered by a process of its own, which stays.
[[noreturn]] void squat(int socket) {
  while (true) {
    const int door = take_door(socket);
    if (fork() == 0) {
      (void)syscall(SYS_write, door, "0", 1);
      while (true) pause();
    }
    close(door);
  }
}

}  // namespace

extern "C" ssize_t write(int fd, const void* data, size_t size) {
  if (squatter >= 0 && size == 1 && *static_cast<const char*>(data) == '0') pass_on(fd);
  return syscall(SYS_write, fd, data, size);
}

int main() {
  const std::vector<char> ballast(kBallast, 1);
  const char* mode = getenv("MODE");
  if (send(kChannel, "parked", 6, 0) != 6) return 1;
  if (mode != nullptr && std::string_view(mode) == "stop") raise(SIGSTOP);
  if (mode != nullptr && std::string_view(mode) == "deaf") pause();
  if (mode != nullptr && std::string_view(mode) == "leave") return 7;
  if (mode != nullptr && std::string_view(mode) == "harass" && fork() == 0) harass();
  if (mode != nullptr && std::string_view(mode) == "squat") {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends.data()) != 0) return 1;
    if (fork() == 0) squat(ends[0]);
    close(ends[0]);
    squatter = ends[1];
  }
  wick_park(kControl);
  const int size = wick_adopt(text);
  for (char* entry = text; entry < text + size; entry += strlen(entry) + 1) putenv(entry);
  execl("/bin/sh", "sh", "-c", getenv("DO"), nullptr);
  return 1;
}
