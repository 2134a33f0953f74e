#define _GNU_SOURCE
#include "shared_descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REMEMBERED_MAX = 1024 };  // the limit of descriptors

static struct {
  int number;
  char what[64];
} remembered[REMEMBERED_MAX];
static int count;

static int is_shared(const char* what) { return strncmp(what, "pipe:", 5) == 0 || strncmp(what, "anon_inode:", 11) == 0; }

static int read_what(int number, char* what, size_t size) {
  char path[32];
  snprintf(path, sizeof(path), "/proc/self/fd/%d", number);
  const ssize_t length = readlink(path, what, size - 1);
  if (length < 0) return -1;
  what[length] = '\0';
  return 0;
}

void wick_remember_shared_descriptors(void) {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == NULL) _exit(1);
  for (const struct dirent* entry; (entry = readdir(folder)) != NULL && count < REMEMBERED_MAX;) {
    const int number = atoi(entry->d_name);
    if (number <= 3 || read_what(number, remembered[count].what, sizeof(remembered[count].what)) != 0) continue;
    remembered[count].number = number;
    if (is_shared(remembered[count].what)) ++count;
  }
  closedir(folder);
}

int wick_replace_shared_descriptors(void) {
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return -1;
  for (int i = 0; i < count; ++i) {
    // What libuv has made anew meanwhile, in its own handler of forks, is another pipe.
    char what[sizeof(remembered[i].what)];
    if (read_what(remembered[i].number, what, sizeof(what)) != 0 || strcmp(what, remembered[i].what) != 0) continue;
    if (dup3(null, remembered[i].number, O_CLOEXEC) < 0) return -1;
  }
  close(null);
  return 0;
}
