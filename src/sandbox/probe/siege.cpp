// Runs inside an instance, as its bootstrap, and tries to make the instance hard to kill: it holds the first process back as well as
// it can, and then keeps one processor busy with as many processes as it may have. Each ends by itself after kSecondsMax, so that
// a test that fails leaves nothing behind for long.
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>

namespace {

constexpr unsigned kSecondsMax = 15;
constexpr useconds_t kUntilAllRunMicros = 300'000;
constexpr pid_t kFirstProcess = 1;

// Once the gate is closed at its other end, so that they are all there before it is hard to run.
[[noreturn]] void keep_busy(int gate, const cpu_set_t& processor) {
  alarm(kSecondsMax);
  sched_setaffinity(0, sizeof(processor), &processor);
  char none = 0;
  if (read(gate, &none, 1) != 0) _exit(1);
  for (volatile unsigned long turns = 0;; turns = turns + 1) {
  }
}

}  // namespace

int main() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(0, &one);
  const sched_param none{};
  sched_setscheduler(kFirstProcess, SCHED_IDLE, &none);
  sched_setaffinity(kFirstProcess, sizeof(one), &one);
  setpriority(PRIO_PROCESS, kFirstProcess, 19);
  setpriority(PRIO_PGRP, kFirstProcess, 19);
  int gate[2];
  if (pipe(gate) != 0) return 1;
  int processes = 1;
  for (pid_t pid = 0; (pid = fork()) >= 0; ++processes) {
    if (pid != 0) continue;
    close(gate[1]);
    keep_busy(gate[0], one);
  }
  close(gate[1]);
  usleep(kUntilAllRunMicros);
  std::printf("besieged by %d\n", processes);
  std::fflush(stdout);
  keep_busy(gate[0], one);
}
