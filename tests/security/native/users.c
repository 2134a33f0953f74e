// Who the code is, what it may become, and the limits and priorities that it may not raise.
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attempt.h"

static const char kNobody[] = "it is one user with no privilege, for good";
static const char kLimits[] = "a limit that may be raised is none";
static const char kNice[] = "nobody may have more of the processor than the others";

// The line of /proc/self/status that begins with current->path.
static long status_line(char* text) {
  FILE* file = fopen("/proc/self/status", "re");
  if (file == NULL) return -1;
  char line[TEXT_MAX];
  const size_t size = strlen(current->path);
  strcpy(text, "missing");
  while (fgets(line, sizeof(line), file) != NULL) {
    if (strncmp(line, current->path, size) != 0 || line[size] != ':') continue;
    char* rest = line + size + 1;
    size_t used = 0;
    for (char* word = strtok(rest, " \t\n"); word != NULL; word = strtok(NULL, " \t\n"))
      used += (size_t)snprintf(text + used, TEXT_MAX - used, "%s%s", used ? " " : "", word);
    if (used == 0) strcpy(text, "empty");
  }
  return 0;
}
static long become(char* text) {
  (void)text;
  const long id = current->argument[0];
  return syscall((int)current->number, id, id, id);
}
// setfsuid(2) reports no errors: what it is afterwards counts.
static long become_for_files(char* text) {
  syscall(SYS_setfsuid, 0);
  snprintf(text, TEXT_MAX, "%ld", syscall(SYS_setfsuid, -1));
  return 0;
}
static long leave_groups(char* text) {
  (void)text;
  return setgroups(0, NULL);
}
static long take_capabilities(char* text) {
  (void)text;
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct all[2] = {{~0U, ~0U, ~0U}, {~0U, ~0U, ~0U}};
  return syscall(SYS_capset, &header, all);
}
static long control_process(char* text) {
  (void)text;
  return prctl((int)current->number, current->argument[0], current->argument[1], current->argument[2], current->argument[3]);
}
static long raise_limit(char* text) {
  (void)text;
  struct rlimit limit;
  if (getrlimit((__rlimit_resource_t)current->number, &limit) != 0) return -1;
  limit.rlim_cur = limit.rlim_max = limit.rlim_max * 2 + 1;
  return setrlimit((__rlimit_resource_t)current->number, &limit);
}
static long lower_limit(char* text) {
  (void)text;
  const struct rlimit limit = {16, 16};
  return setrlimit(RLIMIT_NOFILE, &limit);
}
static long lock_memory(char* text) {
  (void)text;
  void* memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? 0 : mlock(memory, 1 << 20);
}
static long map_null(char* text) {
  (void)text;
  return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED ? -1 : 0;
}
static long set_priority(char* text) {
  (void)text;
  return setpriority(PRIO_PROCESS, 0, (int)current->number);
}
static long set_scheduler(char* text) {
  (void)text;
  const struct sched_param first = {.sched_priority = 1};
  return sched_setscheduler(0, (int)current->number, &first);
}
static long set_deadline(char* text) {
  (void)text;
  struct {
    unsigned size, policy;
    unsigned long long flags;
    int nice;
    unsigned priority;
    unsigned long long runtime, deadline, period;
  } attributes = {48, 6, 0, 0, 0, 10000000, 30000000, 30000000};
  return syscall(SYS_sched_setattr, 0, &attributes, 0);
}
static long set_io_priority(char* text) {
  (void)text;
  return syscall(SYS_ioprio_set, 1, 0, current->number << 13);
}
static void* nothing(void* argument) { return argument; }
static long start_thread(char* text) {
  (void)text;
  pthread_t thread;
  if (pthread_create(&thread, NULL, nothing, NULL) != 0) return -1;
  return pthread_join(thread, NULL);
}

#define STATUS(KEY, VALUE, WHY) {"status " KEY, VALUE, WHY, status_line, KEY, 0, {0}}

const struct attempt user_attempts[] = {
    STATUS("CapInh", "0000000000000000", kNobody), STATUS("CapPrm", "0000000000000000", kNobody),
    STATUS("CapEff", "0000000000000000", kNobody), STATUS("CapBnd", "0000000000000000", kNobody),
    STATUS("CapAmb", "0000000000000000", kNobody), STATUS("NoNewPrivs", "1", kNobody), STATUS("Seccomp", "2", kNobody),
    STATUS("Uid", "993 993 993 993", "the number that it has on AWS"), STATUS("Gid", "990 990 990 990", "the number that it has on AWS"),
    STATUS("Groups", "empty", kNobody),
    {"setuid root", "EPERM|EINVAL", kNobody, become, NULL, SYS_setuid, {0}},
    {"setresuid root", "EPERM|EINVAL", kNobody, become, NULL, SYS_setresuid, {0}},
    {"setuid another", "EPERM|EINVAL", kNobody, become, NULL, SYS_setuid, {1000}},
    {"setgid root", "EPERM|EINVAL", kNobody, become, NULL, SYS_setgid, {0}},
    {"setresgid root", "EPERM|EINVAL", kNobody, become, NULL, SYS_setresgid, {0}},
    {"setuid itself", "ok", "the control of those above", become, NULL, SYS_setuid, {993}},
    {"setfsuid root", "993", kNobody, become_for_files, NULL, 0, {0}},
    {"setgroups", "EPERM", kNobody, leave_groups, NULL, 0, {0}},
    {"capset", "EPERM", kNobody, take_capabilities, NULL, 0, {0}},
    {"raise an ambient capability", "EPERM", kNobody, control_process, NULL, PR_CAP_AMBIENT, {PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN}},
    {"undo no_new_privs", "EINVAL", kNobody, control_process, NULL, PR_SET_NO_NEW_PRIVS, {0}},
    {"undo seccomp", "EINVAL", kNobody, control_process, NULL, PR_SET_SECCOMP, {0}},
    {"set securebits", "EPERM", kNobody, control_process, NULL, PR_SET_SECUREBITS, {SECBIT_KEEP_CAPS}},
    {"PR_SET_MM", "EPERM", kNobody, control_process, NULL, PR_SET_MM, {PR_SET_MM_START_CODE, 0x10000}},
    {"PR_SET_NAME", "ok", "prctl itself is there", control_process, NULL, PR_SET_NAME, {(long)"probe"}},

    {"raise the descriptor limit", "EPERM", kLimits, raise_limit, NULL, RLIMIT_NOFILE, {0}},
    {"raise the process limit", "EPERM", kLimits, raise_limit, NULL, RLIMIT_NPROC, {0}},
    {"raise the locked memory limit", "EPERM", kLimits, raise_limit, NULL, RLIMIT_MEMLOCK, {0}},
    {"raise the message queue limit", "EPERM", kLimits, raise_limit, NULL, RLIMIT_MSGQUEUE, {0}},
    {"raise the core limit", "EPERM", kLimits, raise_limit, NULL, RLIMIT_CORE, {0}},
    {"lower a limit", "ok", "the control of those above", lower_limit, NULL, 0, {0}},
    {"lock a megabyte", "ENOMEM|EPERM", kLimits, lock_memory, NULL, 0, {0}},
    {"map page zero", "EPERM", "null dereferences in the kernel must stay faults", map_null, NULL, 0, {0}},
    {"nice -10", "EACCES|EPERM", kNice, set_priority, NULL, -10, {0}},
    {"nice 5", "ok", "less is free", set_priority, NULL, 5, {0}},
    {"SCHED_FIFO", "EPERM", kNice, set_scheduler, NULL, SCHED_FIFO, {0}},
    {"SCHED_RR", "EPERM", kNice, set_scheduler, NULL, SCHED_RR, {0}},
    {"SCHED_DEADLINE", "EPERM", kNice, set_deadline, NULL, 0, {0}},
    {"real-time input and output", "EPERM", kNice, set_io_priority, NULL, 1, {0}},
    {"idle input and output", "ok", "less is free", set_io_priority, NULL, 3, {0}},
    {"start a thread", "ok", "threads may be made", start_thread, NULL, 0, {0}},
    {NULL, NULL, NULL, NULL, NULL, 0, {0}},
};
