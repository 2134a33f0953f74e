#pragma once
// What a fork of Node.js would have in common with its template: the epoll sets, eventfds and pipes of libuv's event loops. Those of the
// main thread are made anew in a fork (uv_loop_fork), those of Node's other threads, which a fork does not have, are not; and a thread
// of the template believes what comes out of them, pointers included.

// To be called before the fork: remembers those that there are.
void wick_remember_shared_descriptors(void);

// To be called in the fork, before uv_loop_fork: puts /dev/null in their places. They are not closed, for somebody may still write there.
// Returns 0, or -1.
int wick_replace_shared_descriptors(void);
