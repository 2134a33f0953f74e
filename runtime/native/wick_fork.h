#pragma once
// What the runtimes of templates share: parking a process that has finished init, and forking it on the warden's order
// (docs/decisions/021-templates.md). Plain C without allocation between the order and the fork.
//
// The control socket is SOCK_SEQPACKET. The template says "P" once it is parked. To it: "F". Then process A says "A" and gets "O" with
// descriptors: the seven namespaces in the order of sandbox/warden/admission.h, a socket of the fork's own, and the files "tasks" of its
// control groups (none where there are no such). On its own socket the fork says "B" and gets, some time, its order: its environment,
// K=V entries, each ended by a zero byte, with the channel and the log.
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { WICK_ENVIRONMENT_MAX = 8192 };

// Marks all memory to be copied by fork(2): V8 takes its heap out of that. To be called once, when nothing is mapped any more.
// Returns 0, or -1.
int wick_copy_all_on_fork(void);

// Never returns in the template: it leaves with _exit when the control socket closes. It returns in each fork, which has no order yet and
// may never get one: descriptors 1, 2 and 3 lead nowhere, and control is closed. Only for a process of one thread, its libraries' idle ones
// aside.
void wick_park(int control);

// To be called in a fork once it is prepared: waits for its order, which may take minutes, and returns the size of the environment in text,
// with descriptors 1, 2 and 3 in place. Leaves with _exit when no order will come.
int wick_adopt(char text[WICK_ENVIRONMENT_MAX]);

#ifdef __cplusplus
}
#endif
