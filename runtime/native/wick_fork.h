#pragma once
// What the runtimes of templates share: parking a process that has finished init, and forking it on the warden's order
// (docs/decisions/021-templates.md). Plain C without allocation between the order and the fork.
//
// The control socket is SOCK_SEQPACKET. The template says "P" once it is parked. To it: "F", for a fork whose order comes at once, or "W", for
// one that is to wait for it. Then process A says "A" and gets "O" with descriptors: the seven namespaces in the order of
// sandbox/warden/admission.h, a socket of the fork's own, and the files "tasks" of its control groups (none where there are no such). On its own
// socket the fork says "B" and gets, some time, its order: its environment, K=V entries, each ended by a zero byte, with the channel and the log.
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { WICK_ENVIRONMENT_MAX = 8192 };

// Never returns in the template: it leaves with _exit when the control socket closes. It returns in each fork: 1 in one that is to wait for its
// order, and may never get it, or 0. Descriptors 1, 2 and 3 lead nowhere there, and control is closed. Only for a process of one thread, its
// libraries' idle ones aside.
int wick_park(int control);

// To be called in a fork once it is prepared: waits for its order, which may take minutes, and returns the size of the environment in text,
// with descriptors 1, 2 and 3 in place. Leaves with _exit when no order will come.
int wick_adopt(char text[WICK_ENVIRONMENT_MAX]);

#ifdef __cplusplus
}
#endif
