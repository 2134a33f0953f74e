#include "sandbox/warden/seccomp.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>

#include "sandbox/warden/capabilities.h"

namespace wick::sandbox::warden {
namespace {

// errno of a call made in a process of its own, 0 when it succeeds; -signal when it ends the process.
int in_child(const std::function<long()>& call) {
  const pid_t pid = fork();
  if (pid == 0) {
    errno = 0;
    _exit(call() < 0 ? errno : 0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int under_filter(const std::function<long()>& call) {
  auto filter = compile_syscall_filter();
  EXPECT_TRUE(filter) << filter.error().message;
  return in_child([&] {
    if (!set_no_new_privs() || !load_syscall_filter(*filter)) _exit(255);
    return call();
  });
}

TEST(SyscallFilter, LetsOrdinaryCallsPass) {
  EXPECT_EQ(under_filter([] { return static_cast<long>(open("/dev/null", O_RDONLY)); }), 0);
  EXPECT_EQ(under_filter([] { return static_cast<long>(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }), 0);
  EXPECT_EQ(under_filter([] { return static_cast<long>(socket(AF_UNIX, SOCK_SEQPACKET, 0)); }), 0);
  EXPECT_EQ(under_filter([] { return static_cast<long>(socket(AF_NETLINK, SOCK_RAW, 0)); }), 0);
  EXPECT_EQ(under_filter([]() -> long {
              const pid_t child = fork();
              if (child == 0) _exit(0);
              return waitpid(child, nullptr, 0);
            }),
            0);
  EXPECT_EQ(under_filter([] { return static_cast<long>(personality(0xffffffff)); }), 0);
}

TEST(SyscallFilter, HidesTheOthers) {
  EXPECT_EQ(under_filter([] { return static_cast<long>(unshare(CLONE_NEWUSER)); }), ENOSYS);
  EXPECT_EQ(under_filter([] { return syscall(SYS_clone, CLONE_NEWUSER, nullptr, nullptr, nullptr, nullptr); }), ENOSYS);
  EXPECT_EQ(under_filter([] { return syscall(SYS_clone3, nullptr, 0); }), ENOSYS);
  EXPECT_EQ(under_filter([] { return syscall(SYS_ptrace, 0, 0, 0, 0); }), ENOSYS);
  EXPECT_EQ(under_filter([] { return static_cast<long>(socket(AF_INET, SOCK_RAW, 1)); }), ENOSYS);
  EXPECT_EQ(under_filter([] { return static_cast<long>(socket(AF_PACKET, SOCK_DGRAM, 0)); }), ENOSYS);
  EXPECT_EQ(under_filter([] { return static_cast<long>(socket(AF_NETLINK, SOCK_RAW, 12)); }), ENOSYS);
  EXPECT_EQ(under_filter([] { return static_cast<long>(personality(ADDR_NO_RANDOMIZE)); }), ENOSYS);
  EXPECT_EQ(under_filter([] { return syscall(100'000); }), ENOSYS);
}

TEST(SyscallFilter, RefusesWhatWouldHoldTheFirstProcessBack) {
  static cpu_set_t all;
  sched_getaffinity(0, sizeof(all), &all);
  static const sched_param none{};
  for (const long first : {1L, (1L << 32) | 1L}) {
    EXPECT_EQ(under_filter([first] { return syscall(SYS_sched_setaffinity, first, sizeof(all), &all); }), EPERM);
    EXPECT_EQ(under_filter([first] { return syscall(SYS_sched_setscheduler, first, SCHED_IDLE, &none); }), EPERM);
    EXPECT_EQ(under_filter([first] { return syscall(SYS_sched_setparam, first, &none); }), EPERM);
    EXPECT_EQ(under_filter([first] { return syscall(SYS_sched_setattr, first, nullptr, 0); }), EPERM);
    EXPECT_EQ(under_filter([first] { return syscall(SYS_prlimit64, first, RLIMIT_CPU, nullptr, nullptr); }), EPERM);
    EXPECT_EQ(under_filter([first] { return syscall(SYS_setpriority, PRIO_PROCESS, first, 19); }), EPERM);
    EXPECT_EQ(under_filter([first] { return syscall(SYS_ioprio_set, 1, first, 0); }), EPERM);
  }
  EXPECT_EQ(under_filter([] { return syscall(SYS_setpriority, PRIO_PGRP, 0, 19); }), EPERM);
  EXPECT_EQ(under_filter([] { return syscall(SYS_setpriority, PRIO_USER, 0, 19); }), EPERM);
  for (const bool by_zero : {true, false}) {  // itself
    EXPECT_EQ(under_filter([by_zero] { return syscall(SYS_sched_setaffinity, by_zero ? 0 : getpid(), sizeof(all), &all); }), 0);
    EXPECT_EQ(under_filter([by_zero] { return syscall(SYS_sched_setscheduler, by_zero ? 0 : getpid(), SCHED_BATCH, &none); }), 0);
    EXPECT_EQ(under_filter([by_zero] { return syscall(SYS_setpriority, PRIO_PROCESS, by_zero ? 0 : getpid(), 5); }), 0);
  }
}

TEST(SyscallFilter, RefusesHugePagesAndCoreDumps) {
  EXPECT_EQ(under_filter([] { return syscall(SYS_mmap, 0, 1 << 21, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0); }), EPERM);
  EXPECT_EQ(under_filter([] { return syscall(SYS_mmap, 0, 1 << 21, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }), 0);
  EXPECT_EQ(under_filter([] { return static_cast<long>(memfd_create("x", MFD_HUGETLB)); }), EPERM);
  EXPECT_EQ(under_filter([] { return static_cast<long>(memfd_create("x", MFD_CLOEXEC)); }), 0);
  EXPECT_EQ(under_filter([] { return syscall(SYS_shmget, IPC_PRIVATE, 1 << 21, IPC_CREAT | SHM_HUGETLB | 0600); }), EPERM);
  static rlimit limit{};
  EXPECT_EQ(under_filter([] { return syscall(SYS_setrlimit, RLIMIT_CORE, &limit); }), EPERM);
  EXPECT_EQ(under_filter([] { return syscall(SYS_prlimit64, 0, RLIMIT_CORE, &limit, nullptr); }), EPERM);
  EXPECT_EQ(under_filter([] { return syscall(SYS_prlimit64, 0, RLIMIT_CORE, nullptr, &limit); }), 0);
}

TEST(SyscallFilter, LetsNoSocketLinger) {
  const auto lingers = []() -> long {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    linger set{.l_onoff = 1, .l_linger = 1};
    socklen_t size = sizeof(set);
    if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &set, size) != 0 || getsockopt(fd, SOL_SOCKET, SO_LINGER, &set, &size) != 0) return -1;
    errno = EBUSY;
    return set.l_onoff == 0 ? 0 : -1;
  };
  EXPECT_EQ(under_filter(lingers), 0);
  EXPECT_EQ(under_filter([] {
              const int on = 1;
              return static_cast<long>(setsockopt(socket(AF_INET, SOCK_STREAM, 0), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)));
            }),
            0);
}

TEST(SyscallFilter, LooksAtTheKernelsPartOfAnArgument) {
  // The kernel reads an int of the socket domain: bits above it must not hide AF_PACKET, nor make AF_UNIX another.
  EXPECT_EQ(under_filter([] { return syscall(SYS_socket, (1L << 32) | AF_PACKET, SOCK_DGRAM, 0); }), ENOSYS);
  EXPECT_EQ(under_filter([] { return syscall(SYS_socket, (1L << 32) | AF_UNIX, SOCK_STREAM, 0); }), 0);
}

#ifdef __x86_64__
TEST(SyscallFilter, EndsAProcessThatUsesAnotherTable) {
  const auto getpid_of_32_bits = [] {
    signal(SIGSEGV, SIG_DFL);  // not a sanitizer's handler
    long result = 20;
    asm volatile("int $0x80" : "+a"(result) : : "memory");
    return result;
  };
  const bool is_there = in_child(getpid_of_32_bits) != -SIGSEGV;  // the kernel may have been started without
  EXPECT_EQ(under_filter(getpid_of_32_bits), is_there ? -SIGSYS : -SIGSEGV);
  EXPECT_NE(under_filter([] { return syscall(0x40000000 | SYS_getpid); }), 0);  // x32
}
#endif

}  // namespace
}  // namespace wick::sandbox::warden
