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
constexpr pid_t kFirstProcess = 1;

[[noreturn]] void keep_busy() {
  alarm(kSecondsMax);
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
  sched_setaffinity(0, sizeof(one), &one);
  int processes = 1;
  for (pid_t pid = 0; (pid = fork()) >= 0; ++processes) {
    if (pid == 0) keep_busy();
  }
  std::printf("besieged by %d\n", processes);
  std::fflush(stdout);
  keep_busy();
}
