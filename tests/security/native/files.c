// The file system: the host's files, the daemon's data, what would let code outlive its instance, and /proc.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attempt.h"

static const char kReadOnly[] = "nothing but /tmp and /dev/shm may be written";
static const char kHost[] = "the host's files are not there";
static const char kData[] = "the daemon's data is not there";
static const char kInit[] = "the warden's process in this namespace is not to be looked into";
static const char kSettings[] = "a setting of the machine, or one that the warden has made";
static const char kSpeaks[] = "it speaks of the whole machine";
static const char kDevices[] = "devices are the way around every permission";

static long create_file(char* text) {
  (void)text;
  const int fd = open(current->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return -1;
  const long written = write(fd, "x", 1);
  unlink(current->path);
  return written;
}
static long overwrite(char* text) {
  (void)text;
  const int fd = open(current->path, O_WRONLY | O_CLOEXEC);
  return fd < 0 ? -1 : write(fd, "0\n", 2);
}
// Writing to the null device that hides a file does nothing.
static long overwrite_masked(char* text) {
  struct stat status;
  if (stat(current->path, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3)) {
    strcpy(text, "masked");
    return 0;
  }
  return overwrite(text);
}
static long read_file(char* text) {
  char byte;
  const int fd = open(current->path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  const long size = read(fd, &byte, 1);
  if (size == 0) strcpy(text, "empty");
  return size;
}
static int by_name(const void* left, const void* right) { return strcmp(*(char* const*)left, *(char* const*)right); }
static long list_folder(char* text) {
  DIR* folder = opendir(current->path);
  if (folder == NULL) return -1;
  char* names[64];
  size_t count = 0;
  for (struct dirent* entry; (entry = readdir(folder)) != NULL && count < 64;) {
    const int own = !strcmp(current->path, "/proc/self/fd") && atoi(entry->d_name) == dirfd(folder);
    if (entry->d_name[0] != '.' && !own) names[count++] = strdup(entry->d_name);
  }
  qsort(names, count, sizeof(names[0]), by_name);
  if (count == 0) strcpy(text, "empty");
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) strncat(text, " ", TEXT_MAX - strlen(text) - 1);
    strncat(text, names[i], TEXT_MAX - strlen(text) - 1);
  }
  return 0;
}
static long list_data(char* text) {
  char path[TEXT_MAX];
  snprintf(path, sizeof(path), "%s%s%s", current->path == NULL ? "" : current->path, target("TARGET_DATA"), current->number ? "/kv" : "");
  DIR* folder = opendir(path);
  (void)text;
  return folder == NULL ? -1 : 0;
}
static long make_device(char* text) {
  (void)text;
  return mknod("/tmp/device", (mode_t)current->number | 0600, makedev((unsigned)current->argument[0], (unsigned)current->argument[1]));
}
static long give_own_file(char* text) {
  (void)text;
  close(open("/tmp/own", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (current->path != NULL) {
    static const char admin[20] = {1, 0, 0, 2, (char)0xff, (char)0xff, (char)0xff, (char)0xff};  // cap_*+ep
    return setxattr("/tmp/own", current->path, admin, sizeof(admin), 0);
  }
  return chown("/tmp/own", 0, 0);
}
static long up_and_out(char* text) {
  if (chdir("/var/task") != 0 || chdir("../../../../../../../../../..") != 0) return -1;
  if (access("usr", F_OK) != 0) return -1;
  (void)text;
  return access("root", F_OK);
}
static long cgroup_paths(char* text) {
  FILE* file = fopen("/proc/self/cgroup", "re");
  if (file == NULL) return -1;
  char line[TEXT_MAX];
  strcpy(text, "only /");
  while (fgets(line, sizeof(line), file) != NULL) {
    line[strcspn(line, "\n")] = 0;
    const char* path = strrchr(line, ':');
    if (path == NULL || strcmp(path, ":/") != 0) strcpy(text, line);
  }
  return 0;
}

#define CREATE(PATH) {"create " PATH, "EROFS", kReadOnly, create_file, PATH, 0, {0}}
#define OVERWRITE(PATH, WHY) {"write " PATH, "EACCES|EROFS", WHY, overwrite, PATH, 0, {0}}
#define NOT_THERE(PATH, WHY) {"read " PATH, "ENOENT", WHY, read_file, PATH, 0, {0}}
#define EMPTY(PATH) {"read " PATH, "empty|ENOENT|EACCES", kSpeaks, read_file, PATH, 0, {0}}

const struct attempt file_attempts[] = {
    {"create /tmp/x", "ok", "/tmp is the function's own", create_file, "/tmp/x", 0, {0}},
    {"create /dev/shm/x", "ok", "so is shared memory", create_file, "/dev/shm/x", 0, {0}},
    CREATE("/x"), CREATE("/usr/x"), CREATE("/usr/bin/x"), CREATE("/usr/local/bin/x"), CREATE("/etc/x"), CREATE("/var/x"), CREATE("/var/task/x"),
    CREATE("/var/runtime/x"), CREATE("/opt/x"), CREATE("/dev/x"), CREATE("/host/x"),
    OVERWRITE("/etc/passwd", kReadOnly), OVERWRITE("/etc/ld.so.cache", kReadOnly), OVERWRITE("/usr/bin/su", kReadOnly),
    {"write own code", "ETXTBSY|EACCES|EROFS", kReadOnly, overwrite, "/var/task/bootstrap", 0, {0}},
    {"write /dev/null", "ok", "the devices that may be written", overwrite, "/dev/null", 0, {0}},

    {"list /host", "empty", kHost, list_folder, "/host", 0, {0}},
    {"list /dev", "fd full null random shm stderr stdin stdout urandom zero", kDevices, list_folder, "/dev", 0, {0}},
    {"list own descriptors", "0 1 2", "nothing of the warden's or the daemon's is inherited", list_folder, "/proc/self/fd", 0, {0}},
    {"read /usr/bin/env", "ok", "programs of the system are there", read_file, "/usr/bin/env", 0, {0}},
    NOT_THERE("/root", kHost), NOT_THERE("/home", kHost), NOT_THERE("/sys", kHost), NOT_THERE("/run", kHost), NOT_THERE("/boot", kHost),
    NOT_THERE("/mnt", kHost), NOT_THERE("/srv", kHost), NOT_THERE("/var/lib", kHost), NOT_THERE("/var/log", kHost),
    NOT_THERE("/etc/shadow", kHost), NOT_THERE("/etc/hostname", kHost), NOT_THERE("/etc/ssl/private", kHost), NOT_THERE("/etc/ssh", kHost),
    {"up and out of the root", "ENOENT", kHost, up_and_out, NULL, 0, {0}},
    {"list the data directory", "ENOENT", kData, list_data, NULL, 0, {0}},
    {"list the data directory's kv", "ENOENT", kData, list_data, NULL, 1, {0}},
    {"list the data directory under /host", "ENOENT", kData, list_data, "/host", 0, {0}},
    {"list the data directory under pid 1's root", "ENOENT", kData, list_data, "/proc/1/root", 0, {0}},
    {"list the data directory under own root", "ENOENT", kData, list_data, "/proc/self/root", 0, {0}},

    {"make a block device", "EPERM", kDevices, make_device, NULL, S_IFBLK, {254, 0}},
    {"make a character device", "EPERM", kDevices, make_device, NULL, S_IFCHR, {1, 1}},
    NOT_THERE("/dev/vda", kDevices), NOT_THERE("/dev/sda", kDevices), NOT_THERE("/dev/mem", kDevices), NOT_THERE("/dev/kmsg", kDevices),
    NOT_THERE("/dev/tty", kDevices), NOT_THERE("/dev/ptmx", kDevices), NOT_THERE("/dev/pts", kDevices), NOT_THERE("/dev/net/tun", kDevices),
    NOT_THERE("/dev/fuse", kDevices), NOT_THERE("/dev/kvm", kDevices),
    {"give own file to root", "EPERM|EINVAL", "root is nobody here", give_own_file, NULL, 0, {0}},
    {"give own file capabilities", "EPERM", "root is nobody here", give_own_file, "security.capability", 0, {0}},
    {"give own file a trusted attribute", "EPERM", "root is nobody here", give_own_file, "trusted.overlay.opaque", 0, {0}},

    NOT_THERE("/proc/1/environ", kInit), NOT_THERE("/proc/1/mem", kInit), NOT_THERE("/proc/1/root", kInit), NOT_THERE("/proc/1/fd", kInit),
    NOT_THERE("/proc/1/cwd", kInit), NOT_THERE("/proc/1/maps", kInit), NOT_THERE("/proc/1/status", kInit),
    {"read /proc/self/environ", "ok", "its own is not hidden", read_file, "/proc/self/environ", 0, {0}},
    {"own cgroup", "only /", kSpeaks, cgroup_paths, NULL, 0, {0}},
    OVERWRITE("/proc/sys/kernel/core_pattern", kSettings), OVERWRITE("/proc/sys/kernel/hostname", kSettings),
    OVERWRITE("/proc/sys/kernel/randomize_va_space", kSettings),
    OVERWRITE("/proc/sys/vm/overcommit_memory", kSettings), OVERWRITE("/proc/sys/vm/drop_caches", kSettings),
    OVERWRITE("/proc/sys/net/ipv4/ip_unprivileged_port_start", kSettings), OVERWRITE("/proc/sys/fs/file-max", kSettings),
    OVERWRITE("/proc/sys/user/max_user_namespaces", kSettings), OVERWRITE("/proc/self/oom_score_adj", kSettings),
    OVERWRITE("/proc/self/uid_map", kSettings), OVERWRITE("/proc/self/setgroups", kSettings), OVERWRITE("/proc/self/mem", kSettings),
    {"write /proc/sysrq-trigger", "masked|ENOENT|EACCES|EROFS", kSettings, overwrite_masked, "/proc/sysrq-trigger", 0, {0}},
    EMPTY("/proc/kcore"), EMPTY("/proc/kmsg"), EMPTY("/proc/kallsyms"), EMPTY("/proc/keys"), EMPTY("/proc/key-users"), EMPTY("/proc/modules"),
    EMPTY("/proc/timer_list"), EMPTY("/proc/config.gz"), EMPTY("/proc/interrupts"), EMPTY("/proc/slabinfo"), EMPTY("/proc/vmallocinfo"),
    {NULL, NULL, NULL, NULL, NULL, 0, {0}},
};
