#define _GNU_SOURCE
#include "wick_fork.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NAMESPACES = 7, OWN = NAMESPACES, FIRST_TASKS, DESCRIPTORS_MAX = FIRST_TASKS + 8 };

static _Alignas(64) char stack[64 * 1024];  // A's
static jmp_buf parked;
static int control;
static int place[DESCRIPTORS_MAX];  // where the next fork comes to
static char kind;                   // what it is asked for with
static int own;                     // a fork's, until it has its order
static char folder[PATH_MAX];

// The size of a packet, and how many descriptors came with it.
static ssize_t receive(int socket, char* text, size_t size, int* descriptors, int max, int* count) {
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(place))];
  } parts;
  struct iovec vector = {.iov_base = text, .iov_len = size};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &parts, .msg_controllen = CMSG_SPACE((size_t)max * sizeof(int))};
  ssize_t got;
  do got = recvmsg(socket, &message, 0);
  while (got < 0 && errno == EINTR);
  const struct cmsghdr* part = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
  *count = 0;
  if (part != NULL && part->cmsg_type == SCM_RIGHTS) {
    const size_t bytes = part->cmsg_len - CMSG_LEN(0);
    memcpy(descriptors, CMSG_DATA(part), bytes);
    *count = (int)(bytes / sizeof(int));
  }
  return got;
}

// Process A: shares the template's memory, which stands still until A ends; descriptors are its own.
static int join_and_fork(void* unused) {
  (void)unused;
  if (send(control, "A", 1, MSG_NOSIGNAL) != 1) _exit(1);
  char byte;
  int count;
  if (receive(control, &byte, 1, place, DESCRIPTORS_MAX, &count) != 1 || count < FIRST_TASKS) _exit(1);
  for (int i = FIRST_TASKS; i < count; ++i) {
    if (write(place[i], "0", 1) != 1) _exit(1);
    close(place[i]);
  }
  // Stops here until it is in its namespaces and has no capability there.
  if (syscall(SYS_setns, place) != 0) _exit(1);
  for (int i = 0; i < NAMESPACES; ++i) close(place[i]);
  const pid_t pid = fork();
  if (pid == 0) longjmp(parked, 1);
  _exit(pid < 0 ? 1 : 0);
}

static void begin_fork(void) {
  close(control);
  // Through numbers above 3, should it have come as 1 to 3.
  own = fcntl(place[OWN], F_DUPFD_CLOEXEC, 4);
  close(place[OWN]);
  // The template's are not for a fork.
  const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nowhere < 0) _exit(1);
  for (int i = 1; i <= 3; ++i) {
    if (nowhere != i && dup2(nowhere, i) < 0) _exit(1);
  }
  if (nowhere > 3) close(nowhere);
  // As in a process that was executed: its own entries in /proc are its own, and it leads a session here.
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  setsid();
  if (send(own, "B", 1, MSG_NOSIGNAL) != 1) _exit(1);
}

int wick_park(int control_socket) {
  control = control_socket;
  if (getcwd(folder, sizeof(folder)) == NULL) strcpy(folder, "/");
  if (send(control, "P", 1, MSG_NOSIGNAL) != 1) _exit(0);
  while (1) {
    const ssize_t size = recv(control, &kind, 1, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) _exit(0);
    if (setjmp(parked) != 0) {
      begin_fork();
      return kind == 'W';
    }
    // A failure shows on the other side as the missing "A".
    (void)clone(join_and_fork, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | CLONE_PARENT | SIGCHLD, NULL);
  }
}

int wick_adopt(char text[WICK_ENVIRONMENT_MAX]) {
  int ends[2];  // the channel, the log
  int count;
  const ssize_t size = receive(own, text, WICK_ENVIRONMENT_MAX, ends, 2, &count);
  close(own);
  if (size <= 0) _exit(0);
  if (count != 2 || text[size - 1] != '\0') _exit(1);
  // 1 to 3 are taken, so that neither end is one of those.
  if (dup2(ends[1], 1) < 0 || dup2(ends[1], 2) < 0 || dup2(ends[0], 3) < 0) _exit(1);
  close(ends[0]);
  close(ends[1]);
  // Only now: what is at the folder's path may have come with the order.
  if (chdir(folder) != 0 && chdir("/var/task") != 0 && chdir("/") != 0) _exit(1);
  return (int)size;
}
