#define _GNU_SOURCE
#include "wick_fork.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NAMESPACES = 7, CHANNEL = NAMESPACES, LOG, OWN, FIRST_TASKS, DESCRIPTORS_MAX = FIRST_TASKS + 8 };

static _Alignas(64) char stack[64 * 1024];  // A's
static jmp_buf parked;
static int control;
static int order[DESCRIPTORS_MAX];
static char folder[PATH_MAX];

static int receive_order(void) {
  char byte;
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(order))];
  } parts;
  struct iovec vector = {.iov_base = &byte, .iov_len = 1};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &parts, .msg_controllen = sizeof(parts)};
  if (recvmsg(control, &message, 0) != 1) return 0;
  const struct cmsghdr* part = CMSG_FIRSTHDR(&message);
  if (part == NULL || part->cmsg_type != SCM_RIGHTS) return 0;
  const size_t size = part->cmsg_len - CMSG_LEN(0);
  memcpy(order, CMSG_DATA(part), size);
  return (int)(size / sizeof(int));
}

// Process A: shares the template's memory, which stands still until A ends; descriptors are its own.
static int join_and_fork(void* unused) {
  (void)unused;
  if (send(control, "A", 1, MSG_NOSIGNAL) != 1) _exit(1);
  const int count = receive_order();
  if (count < FIRST_TASKS) _exit(1);
  for (int i = FIRST_TASKS; i < count; ++i) {
    if (write(order[i], "0", 1) != 1) _exit(1);
    close(order[i]);
  }
  // Stops here until it is in its namespaces and has no capability there.
  if (syscall(SYS_setns, order) != 0) _exit(1);
  for (int i = 0; i < NAMESPACES; ++i) close(order[i]);
  const pid_t pid = fork();
  if (pid == 0) longjmp(parked, 1);
  _exit(pid < 0 ? 1 : 0);
}

static int begin_fork(char* text) {
  close(control);
  // Through numbers above 3, should one of them have come as 1 to 3.
  const int channel = fcntl(order[CHANNEL], F_DUPFD, 4);
  const int log = fcntl(order[LOG], F_DUPFD, 4);
  const int own = fcntl(order[OWN], F_DUPFD_CLOEXEC, 4);
  for (int i = CHANNEL; i <= OWN; ++i) close(order[i]);
  if (dup2(log, 1) < 0 || dup2(log, 2) < 0 || dup2(channel, 3) < 0) _exit(1);
  close(log);
  close(channel);
  // As in a process that was executed: its own entries in /proc are its own, and it leads a session here.
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  setsid();
  if (chdir(folder) != 0 && chdir("/var/task") != 0 && chdir("/") != 0) _exit(1);
  if (send(own, "B", 1, MSG_NOSIGNAL) != 1) _exit(1);
  const ssize_t size = recv(own, text, WICK_ENVIRONMENT_MAX, 0);
  close(own);
  if (size <= 0 || text[size - 1] != '\0') _exit(1);
  return (int)size;
}

int wick_park(int control_socket, char text[WICK_ENVIRONMENT_MAX]) {
  control = control_socket;
  if (getcwd(folder, sizeof(folder)) == NULL) strcpy(folder, "/");
  while (1) {
    char byte;
    const ssize_t size = recv(control, &byte, 1, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) _exit(0);
    if (setjmp(parked) != 0) return begin_fork(text);
    // A failure shows on the other side as the missing "A".
    (void)clone(join_and_fork, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | CLONE_PARENT | SIGCHLD, NULL);
  }
}

int wick_copy_all_on_fork(void) {
  FILE* areas = fopen("/proc/self/smaps", "re");
  if (areas == NULL) return -1;
  char line[PATH_MAX + 128];
  unsigned long begin = 0;
  unsigned long end = 0;
  int count = 0;
  while (fgets(line, sizeof(line), areas) != NULL) {
    unsigned long first;
    unsigned long last;
    if (sscanf(line, "%lx-%lx ", &first, &last) == 2) {
      begin = first;
      end = last;
    } else if (strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " dc") != NULL) {
      if (madvise((void*)begin, end - begin, MADV_DOFORK) == 0) ++count;
    }
  }
  fclose(areas);
  return count;
}
