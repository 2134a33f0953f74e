#include "node_channel.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADER_SIZE = 8, TEXT_MAX = 32 * 1024, TRACE_MAX = 512 };

static bool arguments(napi_env env, napi_callback_info info, size_t wanted, napi_value* out) {
  size_t count = wanted;
  return napi_get_cb_info(env, info, &count, out, NULL, NULL) == napi_ok && count == wanted;
}

// The function's code may have made the descriptor nonblocking.
static void wait_for(int fd, short events) {
  struct pollfd one = {fd, events, 0};
  (void)poll(&one, 1, -1);
}

static void write_all(int fd, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t count = write(fd, bytes, size);
    if (count >= 0) {
      bytes += count;
      size -= (size_t)count;
    } else if (errno == EAGAIN) {
      wait_for(fd, POLLOUT);
    } else if (errno == EPIPE || errno == ECONNRESET) {
      _exit(0);  // the daemon is gone
    } else if (errno != EINTR) {
      return;  // the function's code has closed it
    }
  }
}

// receive(fd, buffer, offset): reads what there is into a Buffer, from offset on; how many bytes. Leaves the process at the end.
// It waits in poll, not in read: whoever is blocked in reading a socket of this family is also woken each time its peer takes something.
static napi_value receive(napi_env env, napi_callback_info info) {
  napi_value args[3];
  int32_t fd;
  uint32_t offset;
  void* bytes;
  size_t size;
  if (!arguments(env, info, 3, args) || napi_get_value_int32(env, args[0], &fd) != napi_ok ||
      napi_get_buffer_info(env, args[1], &bytes, &size) != napi_ok || napi_get_value_uint32(env, args[2], &offset) != napi_ok || offset >= size) {
    return NULL;
  }
  ssize_t count;
  do {
    wait_for(fd, POLLIN);
    count = read(fd, (char*)bytes + offset, size - offset);
  } while (count < 0 && (errno == EINTR || errno == EAGAIN));
  if (count <= 0) _exit(0);
  napi_value result;
  return napi_create_uint32(env, (uint32_t)count, &result) == napi_ok ? result : NULL;
}

// write(fd, buffer): all of it.
static napi_value write_buffer(napi_env env, napi_callback_info info) {
  napi_value args[2];
  int32_t fd;
  void* bytes;
  size_t size;
  if (arguments(env, info, 2, args) && napi_get_value_int32(env, args[0], &fd) == napi_ok &&
      napi_get_buffer_info(env, args[1], &bytes, &size) == napi_ok) {
    write_all(fd, bytes, size);
  }
  return NULL;
}

// send(fd, type, text): a frame, in one write. REQUIRES a text of at most TEXT_MAX / 3 UTF-16 units.
static napi_value send_text(napi_env env, napi_callback_info info) {
  static char frame[HEADER_SIZE + TEXT_MAX + 1];
  napi_value args[3];
  int32_t fd;
  uint32_t type;
  size_t size;
  if (!arguments(env, info, 3, args) || napi_get_value_int32(env, args[0], &fd) != napi_ok || napi_get_value_uint32(env, args[1], &type) != napi_ok ||
      napi_get_value_string_utf8(env, args[2], frame + HEADER_SIZE, TEXT_MAX + 1, &size) != napi_ok) {
    return NULL;
  }
  const uint32_t head[2] = {(uint32_t)size, type};  // little endian, as this machine
  memcpy(frame, head, sizeof head);
  write_all(fd, frame, HEADER_SIZE + size);
  return NULL;
}

// trace(id): sets _X_AMZN_TRACE_ID. By setenv the C library would keep, and search, every value that a variable ever had.
static napi_value set_trace(napi_env env, napi_callback_info info) {
  static char entry[TRACE_MAX] = "_X_AMZN_TRACE_ID=";
  static const size_t name_size = sizeof "_X_AMZN_TRACE_ID=" - 1;
  napi_value id;
  size_t size;
  if (!arguments(env, info, 1, &id)) return NULL;
  if (napi_get_value_string_utf8(env, id, entry + name_size, sizeof entry - name_size, &size) != napi_ok) return NULL;
  if (getenv("_X_AMZN_TRACE_ID") != entry + name_size) (void)putenv(entry);
  return NULL;
}

void wick_export_channel(napi_env env, napi_value exports) {
  const napi_property_descriptor functions[] = {
      {"receive", NULL, receive, NULL, NULL, NULL, napi_enumerable, NULL},
      {"write", NULL, write_buffer, NULL, NULL, NULL, napi_enumerable, NULL},
      {"send", NULL, send_text, NULL, NULL, NULL, napi_enumerable, NULL},
      {"trace", NULL, set_trace, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  (void)napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
}
