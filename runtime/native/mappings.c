#define _GNU_SOURCE
#include "mappings.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGES_MIN = 16 };  // of a mapping that is worth the calls

struct mapping {
  unsigned long begin, end;
  char rights[5];       // "r-xp"
  unsigned long inode;  // 0: no file's
  bool has_own;         // pages that were changed
  bool left_out;        // by fork(2)
};

// Returns 0, or -1.
static int each_mapping(void (*visit)(const struct mapping*)) {
  FILE* areas = fopen("/proc/self/smaps", "re");
  if (areas == NULL) return -1;
  char line[PATH_MAX + 128];
  struct mapping now = {0};
  while (fgets(line, sizeof(line), areas) != NULL) {
    struct mapping next = {0};
    unsigned long own_kb;
    if (sscanf(line, "%lx-%lx %4s %*x %*x:%*x %lu", &next.begin, &next.end, next.rights, &next.inode) == 4) {
      now = next;
    } else if (sscanf(line, "Anonymous: %lu kB", &own_kb) == 1 || sscanf(line, "Swap: %lu kB", &own_kb) == 1) {
      now.has_own = now.has_own || own_kb > 0;
    } else if (strncmp(line, "VmFlags:", 8) == 0) {  // the last line of each
      now.left_out = strstr(line, " dc") != NULL;
      visit(&now);
    }
  }
  fclose(areas);
  return 0;
}

static void have_copied(const struct mapping* one) {
  if (one->left_out) (void)madvise((void*)one->begin, one->end - one->begin, MADV_DOFORK);
}

int wick_copy_all_on_fork(void) { return each_mapping(have_copied); }

// The first page is made the process's own, which the kernel remembers of the mapping, and then all are given back, to the file's. Other threads
// may execute them meanwhile. A mapping with changed pages is left alone: they would be lost, and it is copied anyway.
static void touch_file(const struct mapping* one) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const size_t size = one->end - one->begin;
  if (one->inode == 0 || one->has_own || size < PAGES_MIN * page) return;
  const bool is_code = strcmp(one->rights, "r-xp") == 0;
  if (!is_code && strcmp(one->rights, "r--p") != 0) return;
  void* const first = (void*)one->begin;
  const int protection = is_code ? PROT_READ | PROT_EXEC : PROT_READ;
  if (mprotect(first, size, protection | PROT_WRITE) != 0) return;
  const bool is_touched = madvise(first, page, MADV_POPULATE_WRITE) == 0;  // an error where a write were a signal: its file may have become shorter
  if (mprotect(first, size, protection) != 0) _exit(1);
  if (is_touched) (void)madvise(first, size, MADV_DONTNEED);
}

// Where the kernel promises no more memory than it has, what could be changed counts as if it were, in each fork.
static bool promises_are_kept(void) {
  const int setting = open("/proc/sys/vm/overcommit_memory", O_RDONLY | O_CLOEXEC);
  char value;
  const bool is_known = setting >= 0 && read(setting, &value, 1) == 1;
  if (setting >= 0) close(setting);
  return !is_known || value == '2';
}

void wick_copy_files_on_fork(void) {
  if (!promises_are_kept()) (void)each_mapping(touch_file);
}
