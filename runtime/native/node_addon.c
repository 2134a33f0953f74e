// wick_fork.node: wick_fork.h and node_channel.h for the Node.js runtime. By Node-API alone, so that one build serves every version of Node.
#include <node_api.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <uv.h>

#include "mappings.h"
#include "node_channel.h"
#include "node_heap.h"
#include "shared_descriptors.h"
#include "wick_fork.h"

// park(control): in each fork, whether it is to wait for its order; never returns in the template.
static napi_value park(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  int32_t control;
  if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != napi_ok || count != 1) return NULL;
  if (napi_get_value_int32(env, argument, &control) != napi_ok) return NULL;
  if (wick_copy_all_on_fork() < 0) return NULL;
  wick_remember_shared_descriptors();
  const int waits = wick_park(control);

  uv_loop_t* loop;
  if (wick_replace_shared_descriptors() != 0 || napi_get_uv_event_loop(env, &loop) != napi_ok || uv_loop_fork(loop) != 0) _exit(1);
  napi_value result;
  if (napi_get_boolean(env, waits != 0, &result) != napi_ok) _exit(1);
  return result;
}

// copyFiles(): forks have the pages of mapped files that are used from now on (mappings.h).
static napi_value copy_files(napi_env env, napi_callback_info info) {
  (void)env;
  (void)info;
  wick_copy_files_on_fork();
  return NULL;
}

// adopt(): waits in a fork for its order, and sets its environment (process.env looks there; only of TZ V8 has to be told).
static napi_value adopt(napi_env env, napi_callback_info info) {
  (void)env;
  (void)info;
  static char text[WICK_ENVIRONMENT_MAX];
  const int size = wick_adopt(text);
  for (char* entry = text; entry < text + size; entry += strlen(entry) + 1) {
    if (strchr(entry, '=') != NULL) (void)putenv(entry);
  }
  return NULL;
}

// exit(code): Node's own way out joins threads that a fork does not have.
static napi_value leave(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  int32_t code = 0;
  if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) == napi_ok) (void)napi_get_value_int32(env, argument, &code);
  _exit(code);
}

// pid(): this process's, where process.pid may still be the template's.
static napi_value pid(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value result;
  return napi_create_int32(env, (int32_t)getpid(), &result) == napi_ok ? result : NULL;
}

// random(buffer): fills an ArrayBuffer, of 256 bytes at most, from the kernel.
static napi_value fill_random(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value buffer;
  void* bytes;
  size_t size;
  if (napi_get_cb_info(env, info, &count, &buffer, NULL, NULL) != napi_ok || count != 1) return NULL;
  if (napi_get_arraybuffer_info(env, buffer, &bytes, &size) != napi_ok || getrandom(bytes, size, 0) != (ssize_t)size) _exit(1);
  return NULL;
}

// limitHeap(megabytes): as --max-old-space-size.
static napi_value limit_heap(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  uint32_t megabytes = 0;
  if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != napi_ok || count != 1) return NULL;
  if (napi_get_value_uint32(env, argument, &megabytes) == napi_ok && megabytes > 0) wick_limit_heap((size_t)megabytes << 20);
  return NULL;
}

static void export_function(napi_env env, napi_value exports, const char* name, napi_callback function) {
  napi_value value;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, function, NULL, &value) == napi_ok) (void)napi_set_named_property(env, exports, name, value);
}

NAPI_MODULE_INIT() {
  export_function(env, exports, "park", park);
  export_function(env, exports, "copyFiles", copy_files);
  export_function(env, exports, "adopt", adopt);
  export_function(env, exports, "exit", leave);
  export_function(env, exports, "pid", pid);
  export_function(env, exports, "random", fill_random);
  export_function(env, exports, "limitHeap", limit_heap);
  wick_export_channel(env, exports);
  return exports;
}
