#include "node_heap.h"

// v8::Isolate's AddNearHeapLimitCallback and RemoveNearHeapLimitCallback, of which the latter lowers the limit. Node-API has nothing for it;
// the names are those of every Node from 20 to 26, and missing ones are found to be so when the addon is loaded.
typedef size_t (*near_limit)(void* data, size_t current, size_t initial);
extern void* current_isolate(void) __asm__("_ZN2v87Isolate10GetCurrentEv") __attribute__((weak));
extern void add_callback(void* isolate, near_limit, void* data) __asm__("_ZN2v87Isolate24AddNearHeapLimitCallbackEPFmPvmmES1_") __attribute__((weak));
extern void remove_callback(void* isolate, near_limit, size_t limit) __asm__("_ZN2v87Isolate27RemoveNearHeapLimitCallbackEPFmPvmmEm")
    __attribute__((weak));

static size_t wanted;

static size_t raise_to_wanted(void* data, size_t current, size_t initial) {
  (void)data;
  (void)initial;
  return wanted > current ? wanted : current;
}

void wick_limit_heap(size_t bytes) {
  if (!current_isolate || !add_callback || !remove_callback) return;
  wanted = bytes;
  void* isolate = current_isolate();
  add_callback(isolate, raise_to_wanted, NULL);
  remove_callback(isolate, raise_to_wanted, bytes);
  add_callback(isolate, raise_to_wanted, NULL);
}
