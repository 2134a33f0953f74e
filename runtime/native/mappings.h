#pragma once
// What fork(2) copies of a template's memory.
#ifdef __cplusplus
extern "C" {
#endif

// Marks all memory to be copied: V8 takes its heap out of that. To be called once, when nothing is mapped any more. Returns 0, or -1.
int wick_copy_all_on_fork(void);

// Has forks begin with the pages of mapped files, the program's own code first of all, that are used between this call and the fork. Otherwise
// each fork takes a page fault for every sixteen of them: fork(2) leaves them out in a mapping of which no page was ever changed.
// Where a kernel's policy forbids it nothing changes.
void wick_copy_files_on_fork(void);

#ifdef __cplusplus
}
#endif
