// One thing that code in a sandbox must not be able to do, or, where "ok" is expected, must be: those are the controls, which show
// that the probe itself works.
#pragma once
#include <stddef.h>

struct attempt {
  const char* name;
  // Outcomes that may be: "ok", an errno's name, a signal's name, or the text that run() wrote; several with '|' between them.
  const char* expected;
  const char* why;
  // In a process of its own. Negative: refused, with errno. Otherwise what it wrote to text (TEXT_MAX bytes), or "ok" for nothing.
  long (*run)(char* text);
  // What run does when it is raw_call, raw_socket, may_write or has_nothing.
  const char* path;
  long number;
  long argument[5];
};

enum { TEXT_MAX = 512 };

extern const struct attempt kernel_attempts[];
extern const struct attempt file_attempts[];
extern const struct attempt user_attempts[];
extern const struct attempt network_attempts[];
extern const struct attempt neighbour_attempts[];
extern const struct attempt* current;  // the one that runs

// Where a path of the test's machine, or a process id there, is wanted: the function's environment has it.
const char* target(const char* variable);
