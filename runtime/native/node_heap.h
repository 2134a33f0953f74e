#pragma once
// V8's limit of the heap, which Node can only be told at its start.
#include <stddef.h>

// Makes it so many bytes for the old generation of the calling thread's heap, which may be less or more than it was: less at once, or as
// little as is possible now; more when V8 comes near to what it was. Does nothing in a Node that does not let it.
void wick_limit_heap(size_t bytes);
