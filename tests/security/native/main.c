// A custom runtime that makes every attempt, once during init and once in each invocation, and answers
// {"init": {name: {"outcome", "expected", "why"}}, "invocation": ...}. It speaks the Lambda Runtime API itself.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attempt.h"

enum { PATIENCE_S = 5, RUNTIME_API_PORT = 9001 };

const struct attempt* current;

const char* target(const char* variable) {
  const char* value = getenv(variable);
  return value == NULL ? "" : value;
}

struct text {
  char bytes[512 * 1024];
  size_t size;
};

static void add(struct text* text, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int size = vsnprintf(text->bytes + text->size, sizeof(text->bytes) - text->size, format, arguments);
  va_end(arguments);
  if (size < 0 || (size_t)size >= sizeof(text->bytes) - text->size) abort();
  text->size += (size_t)size;
}

static void add_quoted(struct text* text, const char* plain) {
  add(text, "\"");
  for (; *plain; ++plain) add(text, *plain == '"' || *plain == '\\' || *plain < 0x20 ? "\\u%04x" : "%c", (unsigned char)*plain);
  add(text, "\"");
}

// Runs it in a process of its own, so that neither a fatal signal nor a change of user or limits reaches the next attempt.
static void make_attempt(const struct attempt* attempt, char* outcome) {
  memset(outcome, 0, TEXT_MAX);
  current = attempt;
  const pid_t pid = fork();
  if (pid == 0) {
    alarm(PATIENCE_S);
    errno = 0;
    const long result = attempt->run(outcome);
    if (result < 0) snprintf(outcome, TEXT_MAX, "%s", strerrorname_np(errno));
    else if (outcome[0] == 0) strcpy(outcome, "ok");
    _exit(0);
  }
  int status = 0;
  if (pid < 0 || waitpid(pid, &status, 0) != pid) snprintf(outcome, TEXT_MAX, "not tried: %s", strerrorname_np(errno));
  else if (WIFSIGNALED(status)) snprintf(outcome, TEXT_MAX, "SIG%s", sigabbrev_np(WTERMSIG(status)));
  else if (outcome[0] == 0) strcpy(outcome, "ended without a word");
}

static void make_attempts(struct text* out) {
  static const struct attempt* const tables[] = {kernel_attempts, file_attempts, user_attempts, network_attempts, neighbour_attempts};
  char* outcome = mmap(NULL, TEXT_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (outcome == MAP_FAILED) abort();
  const char* separator = "{";
  for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); ++i) {
    for (const struct attempt* attempt = tables[i]; attempt->name != NULL; ++attempt) {
      make_attempt(attempt, outcome);
      add(out, "%s", separator);
      add_quoted(out, attempt->name);
      add(out, ":{\"outcome\":");
      add_quoted(out, outcome);
      add(out, ",\"expected\":");
      add_quoted(out, attempt->expected);
      add(out, ",\"why\":");
      add_quoted(out, attempt->why);
      add(out, "}");
      separator = ",";
    }
  }
  add(out, "}");
  munmap(outcome, TEXT_MAX);
}

// One request on a connection of its own; reply is the whole answer with its headers.
static void ask(const struct text* request, struct text* reply) {
  const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(RUNTIME_API_PORT), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, (const struct sockaddr*)&address, sizeof(address)) != 0) abort();
  for (size_t sent = 0; sent < request->size;) {
    const ssize_t size = write(fd, request->bytes + sent, request->size - sent);
    if (size <= 0) abort();
    sent += (size_t)size;
  }
  reply->size = 0;
  for (ssize_t size; (size = read(fd, reply->bytes + reply->size, sizeof(reply->bytes) - 1 - reply->size)) > 0;) reply->size += (size_t)size;
  reply->bytes[reply->size] = 0;
  close(fd);
}

int main(void) {
  static struct text init, invocation, request, reply;
  signal(SIGUSR1, SIG_IGN);  // of the attempt to signal everybody
  make_attempts(&init);
  for (;;) {
    request.size = 0;
    add(&request, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: runtime\r\nConnection: close\r\n\r\n");
    ask(&request, &reply);
    const char* id = strcasestr(reply.bytes, "lambda-runtime-aws-request-id: ");
    if (id == NULL) return 1;
    id += strlen("lambda-runtime-aws-request-id: ");

    invocation.size = 0;
    make_attempts(&invocation);
    request.size = 0;
    add(&request, "POST /2018-06-01/runtime/invocation/%.36s/response HTTP/1.1\r\nHost: runtime\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
        id, init.size + invocation.size + strlen("{\"init\":,\"invocation\":}"));
    add(&request, "{\"init\":%s,\"invocation\":%s}", init.bytes, invocation.bytes);
    ask(&request, &reply);
  }
}
