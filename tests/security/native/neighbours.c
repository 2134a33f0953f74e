// Other processes and other instances. ../neighbour.py has left its marks where these look for them.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "attempt.h"

static const char kProcesses[] = "the process namespace is the instance's own";
static const char kInit[] = "the instance's first process holds it together";
static const char kMarks[] = "a neighbour's is not to be found";
static const char kOwn[] = "the control: its own is found";

enum { NEIGHBOUR_KEY = 0x7769636b };  // as in neighbour.py

static long signal_target(char* text) {
  const int pid = atoi(target(current->path));
  if (pid <= 1) strcpy(text, "the test gave no process id");
  return kill(pid, (int)current->number);
}
static long open_target(char* text) {
  (void)text;
  return syscall(SYS_pidfd_open, atoi(target(current->path)), 0);
}
static long kill_init(char* text) {
  kill(1, (int)current->number);
  usleep(5000);
  strcpy(text, kill(1, 0) == 0 ? "survives" : "gone");
  return 0;
}
// With a signal that this program ignores and that ends the neighbour's child.
static long signal_everybody(char* text) {
  (void)text;
  return kill(-1, SIGUSR1);
}
static long count_processes(char* text) {
  int others = 0;
  for (int pid = 2; pid < 32768; ++pid) others += pid != getpid() && pid != getppid() && kill(pid, 0) == 0;
  snprintf(text, TEXT_MAX, "%d", others);
  return 0;
}
static long list_processes(char* text) {
  DIR* proc = opendir("/proc");
  if (proc == NULL) return -1;
  int others = 0;
  for (struct dirent* entry; (entry = readdir(proc)) != NULL;) {
    const int pid = atoi(entry->d_name);
    others += pid > 0 && pid != getpid() && pid != getppid();
  }
  snprintf(text, TEXT_MAX, "%d", others);
  return 0;
}
static long connect_unix(char* text) {
  (void)text;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const size_t size = strlen(current->path);
  memcpy(address.sun_path, current->path, size);
  if (address.sun_path[0] == '@') address.sun_path[0] = 0;
  return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr*)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size));
}
static long own_unix(char* text) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0own"};
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr*)&address, sizeof(sa_family_t) + 4) != 0 || listen(listener, 1) != 0) return -1;
  const struct attempt own = {.path = "@own"};
  current = &own;
  return connect_unix(text);
}
// Names of Unix sockets that are not the instance's: it has none with a name.
static long unix_sockets(char* text) {
  FILE* file = fopen("/proc/net/unix", "re");
  if (file == NULL) return -1;
  char line[TEXT_MAX];
  strcpy(text, "none");
  while (fgets(line, sizeof(line), file) != NULL) {
    const char* name = strpbrk(line, "@/");
    if (name != NULL) snprintf(text, TEXT_MAX, "%s", name);
  }
  return 0;
}
static long find_shared_memory(char* text) {
  (void)text;
  return shmget(NEIGHBOUR_KEY, 0, 0);
}
static long find_semaphore(char* text) {
  (void)text;
  return semget(NEIGHBOUR_KEY, 0, 0);
}
static long find_message_queue(char* text) {
  (void)text;
  return msgget(NEIGHBOUR_KEY, 0);
}
static long own_shared_memory(char* text) {
  (void)text;
  const int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
  return id < 0 ? -1 : shmctl(id, IPC_RMID, NULL);
}
static long list_shared_memory(char* text) {
  struct shm_info info;
  const int last = shmctl(0, SHM_INFO, (struct shmid_ds*)&info);
  if (last < 0) return -1;
  snprintf(text, TEXT_MAX, "%d", info.used_ids);
  return 0;
}
static long find_queue(char* text) {
  (void)text;
  return mq_open("/neighbour", O_RDONLY);
}
static long own_queue(char* text) {
  (void)text;
  const mqd_t queue = mq_open("/own", O_RDWR | O_CREAT, 0600, NULL);
  return queue < 0 ? -1 : mq_unlink("/own");
}
static long find_file(char* text) {
  (void)text;
  return open(current->path, O_RDONLY);
}
static long secret_in_environment(char* text) {
  static char all[1 << 16];
  const int fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
  const ssize_t size = read(fd, all, sizeof(all));
  strcpy(text, size > 0 && memmem(all, (size_t)size, "NEIGHBOURS_SECRET", 17) == NULL ? "none" : "found");
  return 0;
}

#define FIND(NAME, RUN) {NAME, "ENOENT", kMarks, RUN, NULL, 0, {0}}
#define OWN(NAME, RUN) {NAME, "ok", kOwn, RUN, NULL, 0, {0}}

const struct attempt neighbour_attempts[] = {
    {"SIGKILL to the daemon", "ESRCH", kProcesses, signal_target, "TARGET_DAEMON_PID", SIGKILL, {0}},
    {"SIGKILL to the warden", "ESRCH", kProcesses, signal_target, "TARGET_WARDEN_PID", SIGKILL, {0}},
    {"SIGKILL to the neighbour", "ESRCH", kProcesses, signal_target, "TARGET_NEIGHBOUR_PID", SIGKILL, {0}},
    {"pidfd of the warden", "ESRCH|EINVAL", kProcesses, open_target, "TARGET_WARDEN_PID", 0, {0}},
    {"SIGKILL to pid 1", "survives", kInit, kill_init, NULL, SIGKILL, {0}},
    {"SIGTERM to pid 1", "survives", kInit, kill_init, NULL, SIGTERM, {0}},
    {"SIGSTOP to pid 1", "survives", kInit, kill_init, NULL, SIGSTOP, {0}},
    {"a signal to everybody", "ok", "its own processes are everybody; the neighbour's child lives on", signal_everybody, NULL, 0, {0}},
    {"processes that take a signal", "0", kProcesses, count_processes, NULL, 0, {0}},
    {"processes in /proc", "0", kProcesses, list_processes, NULL, 0, {0}},

    {"neighbour's abstract socket", "ECONNREFUSED", kMarks, connect_unix, "@neighbour", 0, {0}},
    {"neighbour's socket in /tmp", "ENOENT", kMarks, connect_unix, "/tmp/neighbour.sock", 0, {0}},
    OWN("own abstract socket", own_unix),
    {"names of Unix sockets", "none", "nothing of the warden's or the daemon's listens here", unix_sockets, NULL, 0, {0}},
    {"neighbour's file in /tmp", "ENOENT", kMarks, find_file, "/tmp/neighbour", 0, {0}},
    {"neighbour's file in /dev/shm", "ENOENT", kMarks, find_file, "/dev/shm/neighbour", 0, {0}},
    FIND("neighbour's shared memory", find_shared_memory),
    FIND("neighbour's semaphore", find_semaphore),
    FIND("neighbour's message queue", find_message_queue),
    FIND("neighbour's POSIX queue", find_queue),
    OWN("own shared memory", own_shared_memory),
    OWN("own POSIX queue", own_queue),
    {"number of shared memories", "0", kMarks, list_shared_memory, NULL, 0, {0}},
    {"neighbour's secret in the environment", "none", kMarks, secret_in_environment, NULL, 0, {0}},
    {NULL, NULL, NULL, NULL, NULL, 0, {0}},
};
