// Runs inside an instance, as its bootstrap, and tries what code there must not be able to do. Prints a line for each attempt:
// its name and "refused" with the reason, or "DONE". Attempts whose name starts with "may" must succeed.
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/memfd.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

namespace {

void report(const char* name, bool done) {
  std::printf("%s: %s\n", name, done ? "DONE" : (std::string("refused, ") + strerror(errno)).c_str());
  std::fflush(stdout);
}

bool can_open(const char* path, int flags) {
  const int fd = open(path, flags, 0600);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

bool can_write(const char* path, const char* text) {
  const int fd = open(path, O_WRONLY);
  if (fd < 0) return false;
  const bool written = write(fd, text, strlen(text)) > 0;
  const int error = errno;
  close(fd);
  errno = error;
  return written;
}

// What covers a masked file of /proc: it takes what is written, to no effect.
bool is_null_device(const char* path) {
  struct stat status{};
  return stat(path, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

bool reads_something(const char* path) {
  char byte = 0;
  const int fd = open(path, O_RDONLY);
  if (fd < 0) return false;
  errno = ENODATA;
  const bool read_it = read(fd, &byte, 1) > 0;
  close(fd);
  return read_it;
}

bool has_socket(int domain, int type, int protocol) {
  const int fd = socket(domain, type, protocol);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

bool clones_with(unsigned long flags) {
  const long pid = syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (pid == 0) _exit(0);
  if (pid > 0) waitpid(static_cast<pid_t>(pid), nullptr, 0);
  return pid > 0;
}

void namespaces_and_mounts() {
  report("mount a tmpfs", mount("none", "/tmp", "tmpfs", 0, nullptr) == 0);
  report("bind mount", mount("/usr", "/tmp", nullptr, MS_BIND, nullptr) == 0);
  report("remount the root writable", mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND, nullptr) == 0);
  report("unmount /proc", umount2("/proc", MNT_DETACH) == 0);
  report("fsopen", syscall(SYS_fsopen, "tmpfs", 0) >= 0);
  report("open_tree", syscall(SYS_open_tree, AT_FDCWD, "/", 1) >= 0);
  report("chroot", chroot("/tmp") == 0);
  report("pivot_root", syscall(SYS_pivot_root, "/tmp", "/tmp") == 0);
  const struct {
    const char* name;
    int flag;
  } kinds[] = {{"user", CLONE_NEWUSER}, {"mount", CLONE_NEWNS}, {"pid", CLONE_NEWPID},      {"network", CLONE_NEWNET},
               {"ipc", CLONE_NEWIPC},   {"uts", CLONE_NEWUTS},  {"cgroup", CLONE_NEWCGROUP}};
  for (const auto& kind : kinds) {
    report((std::string("unshare ") + kind.name).c_str(), unshare(kind.flag) == 0);
    report((std::string("clone ") + kind.name).c_str(), clones_with(static_cast<unsigned long>(kind.flag)));
  }
  report("clone3", syscall(SYS_clone3, nullptr, 0) >= 0 || errno != ENOSYS);
  const int ns = open("/proc/self/ns/mnt", O_RDONLY);
  report("setns", setns(ns, 0) == 0);
}

void kernel_surface() {
  report("ptrace", ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0);
  iovec none{};
  report("process_vm_readv", syscall(SYS_process_vm_readv, 1, &none, 1, &none, 1, 0) >= 0);
  report("bpf", syscall(SYS_bpf, 0, nullptr, 0) >= 0);
  report("io_uring", syscall(SYS_io_uring_setup, 1, nullptr) >= 0);
  report("keyctl", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0) >= 0);
  report("add_key", syscall(SYS_add_key, "user", "a", "b", 1, KEY_SPEC_PROCESS_KEYRING) >= 0);
  report("perf_event_open", syscall(SYS_perf_event_open, nullptr, 0, -1, -1, 0) >= 0 || errno != ENOSYS);
  report("userfaultfd", syscall(SYS_userfaultfd, 1) >= 0);
  report("open_by_handle_at", syscall(SYS_open_by_handle_at, AT_FDCWD, nullptr, 0) >= 0 || errno != ENOSYS);
  report("kernel log", syscall(SYS_syslog, 3, nullptr, 0) >= 0);
  report("set the host name", sethostname("x", 1) == 0);
  report("set the clock", syscall(SYS_settimeofday, nullptr, nullptr) == 0);
  report("reboot", syscall(SYS_reboot, 0, 0, 0, nullptr) == 0);
  report("init_module", syscall(SYS_init_module, nullptr, 0, "") == 0);
  report("asynchronous I/O contexts", syscall(SYS_io_setup, 1, nullptr) >= 0 || errno != ENOSYS);
  report("terminal input", ioctl(0, TIOCSTI, "x") == 0);
}

void huge_pages() {
  report("huge pages", mmap(nullptr, 1 << 21, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0) != MAP_FAILED);
  report("huge memory file", memfd_create("x", MFD_HUGETLB) >= 0);
}

void users() {
  report("become root", setuid(0) == 0);
  report("become another group", setgid(0) == 0);
  report("another user's number", setuid(1000) == 0);
  report("drop to no group list", syscall(SYS_setgroups, 0, nullptr) == 0);
  report("ambient capability", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 21, 0, 0) == 0);
  report("undo no_new_privs", prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
  report("raise descriptor limit", [] {
    const rlimit limit{2048, 2048};
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
  }());
  report("core dumps", [] {
    const rlimit limit{0, 1};
    return setrlimit(RLIMIT_CORE, &limit) == 0;
  }());
  report("raise priority", setpriority(PRIO_PROCESS, 0, -10) == 0);
  const sched_param realtime{.sched_priority = 1};
  report("real-time scheduling", sched_setscheduler(0, SCHED_FIFO, &realtime) == 0);
}

void network() {
  report("raw socket", has_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
  report("packet socket", has_socket(AF_PACKET, SOCK_RAW, 0));
  report("vsock socket", has_socket(AF_VSOCK, SOCK_STREAM, 0));
  report("AF_ALG socket", has_socket(AF_ALG, SOCK_SEQPACKET, 0));
  report("netfilter socket", has_socket(AF_NETLINK, SOCK_RAW, 12));
  report("SCTP socket", has_socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP));
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", IFNAMSIZ);
  report("take loopback down", ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &request) == 0);
  sockaddr_in outside{};
  outside.sin_family = AF_INET;
  outside.sin_port = htons(53);
  outside.sin_addr.s_addr = htonl(0x01010101);
  const int tcp = socket(AF_INET, SOCK_STREAM, 0);
  report("reach the outside", tcp >= 0 && connect(tcp, reinterpret_cast<const sockaddr*>(&outside), sizeof(outside)) == 0);
  sockaddr_in api = outside;
  api.sin_port = htons(4566);
  api.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int local = socket(AF_INET, SOCK_STREAM, 0);
  report("may connect to Wick's API", local >= 0 && connect(local, reinterpret_cast<const sockaddr*>(&api), sizeof(api)) == 0);
  report("listen in Wick's place", [&api] {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    const int yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes));
    return listener >= 0 && bind(listener, reinterpret_cast<const sockaddr*>(&api), sizeof(api)) == 0 && listen(listener, 1) == 0;
  }());
}

void files() {
  for (const char* path : {"/x", "/usr/x", "/etc/x", "/var/task/x", "/var/x", "/dev/x", "/opt/x", "/proc/x"})
    report((std::string("write ") + path).c_str(), can_open(path, O_WRONLY | O_CREAT));
  report("write own code", can_open("/var/task/bootstrap", O_WRONLY) && errno != ETXTBSY);
  report("delete own code", unlink("/var/task/bootstrap") == 0);
  report("may write /tmp/x", can_open("/tmp/x", O_WRONLY | O_CREAT));
  report("may write /dev/shm/x", can_open("/dev/shm/x", O_WRONLY | O_CREAT));
  report("make a device", mknod("/tmp/disk", S_IFBLK | 0600, makedev(254, 0)) == 0);
  report("own /tmp/x as root", chown("/tmp/x", 0, 0) == 0);
  for (const char* path : {"/host", "/host/data", "/root", "/home", "/sys", "/dev/vda", "/dev/sda", "/dev/mem", "/dev/kmsg", "/dev/tty", "/dev/pts",
                           "/dev/net/tun", "/dev/fuse", "/etc/shadow", "/var/lib", "/run", "/proc/kcore"})
    report((std::string("read ") + path).c_str(), can_open(path, O_RDONLY) && reads_something(path));
}

void other_processes() {
  report("signal pid 1", [] {
    kill(1, SIGKILL);
    usleep(20'000);
    errno = EPERM;
    return kill(1, 0) != 0;  // it is still there
  }());
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(0, &one);
  const sched_param none{};
  const rlimit limit{1, 1};
  report("schedule pid 1 as idle", sched_setscheduler(1, SCHED_IDLE, &none) == 0);
  report("move pid 1 to one processor", sched_setaffinity(1, sizeof(one), &one) == 0);
  report("limit pid 1", syscall(SYS_prlimit64, 1, RLIMIT_NOFILE, &limit, nullptr) == 0);
  report("priority of pid 1", setpriority(PRIO_PROCESS, 1, 19) == 0);
  report("priority of pid 1's group", setpriority(PRIO_PGRP, 1, 19) == 0);
  report("priority of the user", setpriority(PRIO_USER, 0, 19) == 0);
  report("I/O priority of pid 1", syscall(SYS_ioprio_set, 1, 1, 3 << 13) == 0);
  report("may choose its own scheduling", sched_setscheduler(getpid(), SCHED_BATCH, &none) == 0 && sched_setaffinity(0, sizeof(one), &one) == 0);
  report("see pid 1", access("/proc/1", F_OK) == 0);
  report("the root of pid 1", can_open("/proc/1/root", O_RDONLY));
  report("the memory of pid 1", can_open("/proc/1/mem", O_RDWR));
  report("the environment of pid 1", reads_something("/proc/1/environ"));
  report("the descriptors of pid 1", can_open("/proc/1/fd", O_RDONLY));
  errno = ESRCH;
  report("see other processes", [] {
    for (int pid = 3; pid < 32768; ++pid) {
      if (pid != getpid() && kill(pid, 0) == 0) return true;
    }
    errno = ESRCH;
    return false;
  }());
  report("a terminal", can_open("/dev/tty", O_RDWR));
}

void descriptors() {
  report("descriptors beyond 0-2", [] {
    for (int fd = 3; fd < 1024; ++fd) {
      if (fcntl(fd, F_GETFD) >= 0) {
        char target[256] = {};
        const ssize_t size = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), target, sizeof(target) - 1);
        std::printf("  %d is %s\n", fd, size > 0 ? target : "?");
        return true;
      }
    }
    errno = EBADF;
    return false;
  }());
}

void settings() {
  report("sysrq", !is_null_device("/proc/sysrq-trigger") && can_write("/proc/sysrq-trigger", "h"));
  report("core pattern", can_write("/proc/sys/kernel/core_pattern", "|/tmp/x"));
  report("own OOM score", can_write("/proc/self/oom_score_adj", "0"));
  report("a network setting", can_write("/proc/sys/net/ipv4/ip_forward", "1"));
  report("own user map", can_write("/proc/self/uid_map", "0 0 1"));
  report("cgroup files", can_open("/sys/fs/cgroup", O_RDONLY));
  for (const char* path : {"/proc/kallsyms", "/proc/keys", "/proc/timer_list", "/proc/config.gz", "/proc/interrupts"})
    report((std::string("read ") + path).c_str(), reads_something(path));
}

void print_status() {
  FILE* status = std::fopen("/proc/self/status", "r");
  char line[256];
  while (status != nullptr && std::fgets(line, sizeof(line), status) != nullptr) {
    for (const char* key : {"Uid:", "Gid:", "Groups:", "Cap", "NoNewPrivs:", "Seccomp:", "NSpid:", "NSsid:"}) {
      if (strncmp(line, key, strlen(key)) == 0) std::printf("%s", line);
    }
  }
  if (status != nullptr) std::fclose(status);
}

}  // namespace

int main() {
  descriptors();
  namespaces_and_mounts();
  kernel_surface();
  huge_pages();
  network();
  files();
  other_processes();
  settings();
  users();
  print_status();
}
