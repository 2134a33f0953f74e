// Namespaces, mounts, other processes' memory, and whatever else of the kernel the filter of system calls keeps away.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <asm/ioctls.h>
#include <unistd.h>

#include "attempt.h"

static const char kNamespaces[] = "a new namespace brings capabilities and with them most of the kernel's holes";
static const char kMounts[] = "what is mounted is the warden's affair";
static const char kProcesses[] = "no process may look into another";
static const char kSurface[] = "large parts of the kernel that no runtime needs";
static const char kMachine[] = "it belongs to the whole machine";
static const char kForeign[] = "the filter knows one calling convention; another would go around it";

static struct timeval now;
static struct perf_event_attr counter = {.type = PERF_TYPE_SOFTWARE, .size = sizeof(counter), .exclude_kernel = 1};
static struct clone_args new_user = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
static char page[4096];
static struct {
  void* base;
  size_t size;
} vector = {page, sizeof(page)};
static struct {
  unsigned char size[8];
  unsigned char handle[16];
} handle = {.size = {8}};

static long result_of(long pid) {
  if (pid == 0) _exit(0);
  if (pid > 0) waitpid((pid_t)pid, NULL, 0);
  return pid;
}
static long raw_call(char* text) {
  (void)text;
  const long* a = current->argument;
  if (current->number == SYS_settimeofday) gettimeofday(&now, NULL);  // the time that it is: harmless where it is allowed
  return syscall((int)current->number, a[0], a[1], a[2], a[3], a[4]);
}
static long clone_with(char* text) {
  (void)text;
  return result_of(syscall(SYS_clone, current->number | SIGCHLD, NULL, NULL, NULL, NULL));
}
static long clone3_with(char* text) {
  (void)text;
  return result_of(syscall(SYS_clone3, &new_user, sizeof(new_user)));
}
static long enter_namespace(char* text) {
  (void)text;
  const int fd = open(current->path, O_RDONLY);
  if (fd < 0) return -1;
  return setns(fd, 0);
}
static long attach_to_parent(char* text) {
  (void)text;
  return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}
static long read_parent(char* text) {
  (void)text;
  return syscall(SYS_process_vm_readv, getppid(), &vector, 1, &vector, 1, 0);
}
static long call_32_bit(char* text) {
  (void)text;
  long result = 20;  // getpid
  __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
  return result;
}
static long ignore_the_filter(char* text) {
  // A second filter that allows everything: the stricter answer of the two counts.
  struct { unsigned short code; unsigned char jt, jf; unsigned int k; } allow = {0x06, 0, 0, 0x7fff0000};
  struct { unsigned short length; void* filter; } program = {1, &allow};
  if (prctl(PR_SET_SECCOMP, 2, &program, 0, 0) != 0) return -1;
  (void)text;
  return syscall(SYS_unshare, CLONE_NEWUSER);
}
static long thread_works(char* text) {
  (void)text;
  return result_of(fork());
}

#define RAW(NAME, WHY, NUMBER, ...) {NAME, "ENOSYS", WHY, raw_call, NULL, NUMBER, {__VA_ARGS__}}
#define POINTER(P) (long)(P)

const struct attempt kernel_attempts[] = {
    RAW("unshare mount", kNamespaces, SYS_unshare, CLONE_NEWNS),
    RAW("unshare user", kNamespaces, SYS_unshare, CLONE_NEWUSER),
    RAW("unshare pid", kNamespaces, SYS_unshare, CLONE_NEWPID),
    RAW("unshare network", kNamespaces, SYS_unshare, CLONE_NEWNET),
    RAW("unshare ipc", kNamespaces, SYS_unshare, CLONE_NEWIPC),
    RAW("unshare uts", kNamespaces, SYS_unshare, CLONE_NEWUTS),
    RAW("unshare cgroup", kNamespaces, SYS_unshare, CLONE_NEWCGROUP),
    RAW("unshare time", kNamespaces, SYS_unshare, CLONE_NEWTIME),
    {"clone mount", "ENOSYS", kNamespaces, clone_with, NULL, CLONE_NEWNS, {0}},
    {"clone user", "ENOSYS", kNamespaces, clone_with, NULL, CLONE_NEWUSER, {0}},
    {"clone pid", "ENOSYS", kNamespaces, clone_with, NULL, CLONE_NEWPID, {0}},
    {"clone network", "ENOSYS", kNamespaces, clone_with, NULL, CLONE_NEWNET, {0}},
    {"clone ipc", "ENOSYS", kNamespaces, clone_with, NULL, CLONE_NEWIPC, {0}},
    {"clone uts", "ENOSYS", kNamespaces, clone_with, NULL, CLONE_NEWUTS, {0}},
    {"clone cgroup", "ENOSYS", kNamespaces, clone_with, NULL, CLONE_NEWCGROUP, {0}},
    {"clone without flags", "ok", "processes may be made", clone_with, NULL, 0, {0}},
    {"fork", "ok", "processes may be made", thread_works, NULL, 0, {0}},
    {"clone3", "ENOSYS", kNamespaces, clone3_with, NULL, 0, {0}},
    {"setns own user", "ENOSYS", kNamespaces, enter_namespace, "/proc/self/ns/user", 0, {0}},
    {"setns pid 1", "ENOENT", kNamespaces, enter_namespace, "/proc/1/ns/mnt", 0, {0}},

    RAW("mount tmpfs", kMounts, SYS_mount, POINTER("none"), POINTER("/tmp"), POINTER("tmpfs"), 0, 0),
    RAW("mount bind", kMounts, SYS_mount, POINTER("/usr"), POINTER("/tmp"), 0, 4096, 0),
    RAW("remount the root writable", kMounts, SYS_mount, 0, POINTER("/"), 0, 32 | 4096, 0),
    RAW("umount2", kMounts, SYS_umount2, POINTER("/proc"), 2),
    RAW("pivot_root", kMounts, SYS_pivot_root, POINTER("/tmp"), POINTER("/tmp")),
    RAW("chroot", kMounts, SYS_chroot, POINTER("/tmp")),
    RAW("fsopen", kMounts, SYS_fsopen, POINTER("tmpfs"), 0),
    RAW("fspick", kMounts, SYS_fspick, AT_FDCWD, POINTER("/tmp"), 0),
    RAW("open_tree", kMounts, SYS_open_tree, AT_FDCWD, POINTER("/"), 1),
    RAW("move_mount", kMounts, SYS_move_mount, AT_FDCWD, POINTER("/tmp"), AT_FDCWD, POINTER("/opt"), 0),
    RAW("mount_setattr", kMounts, SYS_mount_setattr, AT_FDCWD, POINTER("/"), 0, POINTER(page), 32),
    RAW("name_to_handle_at", kMounts, SYS_name_to_handle_at, AT_FDCWD, POINTER("/"), POINTER(&handle), POINTER(page), 0),
    RAW("open_by_handle_at", kMounts, SYS_open_by_handle_at, AT_FDCWD, POINTER(&handle), O_RDONLY),

    {"ptrace", "ENOSYS", kProcesses, attach_to_parent, NULL, 0, {0}},
    RAW("ptrace me", kProcesses, SYS_ptrace, PTRACE_TRACEME),
    {"process_vm_readv", "ENOSYS", kProcesses, read_parent, NULL, 0, {0}},
    RAW("process_vm_writev", kProcesses, SYS_process_vm_writev, 1, POINTER(&vector), 1, POINTER(&vector), 1),
    RAW("process_madvise", kProcesses, SYS_process_madvise, 0, POINTER(&vector), 1, 20),
    RAW("pidfd_getfd", kProcesses, SYS_pidfd_getfd, 0, 0, 0),
    RAW("kcmp", kProcesses, SYS_kcmp, 1, 1, 0),
    RAW("migrate_pages", kProcesses, SYS_migrate_pages, 1, 1, 0, 0),
    RAW("move_pages", kProcesses, SYS_move_pages, 1, 0, 0, 0, 0),

    RAW("bpf", kSurface, SYS_bpf, 0, POINTER(page), 64),
    RAW("io_uring_setup", kSurface, SYS_io_uring_setup, 1, POINTER(page)),
    RAW("io_uring_enter", kSurface, SYS_io_uring_enter, 0, 0, 0, 0, 0),
    RAW("io_uring_register", kSurface, SYS_io_uring_register, 0, 0, 0, 0),
    RAW("io_setup", kSurface, SYS_io_setup, 1, POINTER(page)),
    RAW("keyctl", kSurface, SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1),
    RAW("add_key", kSurface, SYS_add_key, POINTER("user"), POINTER("a"), POINTER("b"), 1, KEY_SPEC_USER_KEYRING),
    RAW("request_key", kSurface, SYS_request_key, POINTER("user"), POINTER("a"), 0, 0),
    RAW("perf_event_open", kSurface, SYS_perf_event_open, POINTER(&counter), 0, -1, -1, 0),
    RAW("userfaultfd", kSurface, SYS_userfaultfd, 1),
    RAW("fanotify_init", kSurface, SYS_fanotify_init, 0, 0),
    RAW("vmsplice", kSurface, SYS_vmsplice, 1, POINTER(&vector), 0, 0),
    RAW("seccomp listener", kSurface, SYS_seccomp, 1, 8, 0),
    RAW("memfd_secret", kSurface, SYS_memfd_secret, 0),
    RAW("modify_ldt", kSurface, SYS_modify_ldt, 0, POINTER(page), 16),
    RAW("personality without address randomisation", kSurface, SYS_personality, ADDR_NO_RANDOMIZE),
    RAW("personality of another system", kSurface, SYS_personality, PER_LINUX32),
    {"personality, asked", "ok", "glibc asks for it", raw_call, NULL, SYS_personality, {0xffffffff}},
    RAW("terminal input", kSurface, SYS_ioctl, 0, TIOCSTI, POINTER("x")),
    RAW("terminal input, high bits set", kSurface, SYS_ioctl, 0, TIOCSTI | (1L << 32), POINTER("x")),
    RAW("console selection", kSurface, SYS_ioctl, 0, 0x541C /* TIOCLINUX */, POINTER(page)),
    {"a filter that allows all", "ENOSYS", kSurface, ignore_the_filter, NULL, 0, {0}},

    RAW("init_module", kMachine, SYS_init_module, POINTER(page), sizeof(page), POINTER("")),
    RAW("finit_module", kMachine, SYS_finit_module, 0, POINTER(""), 0),
    RAW("delete_module", kMachine, SYS_delete_module, POINTER("no_such_module"), 0),
    RAW("kexec_load", kMachine, SYS_kexec_load, 0, 0, 0, 0),
    RAW("kexec_file_load", kMachine, SYS_kexec_file_load, 0, 0, 0, 0, 0),
    RAW("reboot", kMachine, SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_CAD_ON, 0),
    RAW("swapon", kMachine, SYS_swapon, POINTER("/tmp/x"), 0),
    RAW("swapoff", kMachine, SYS_swapoff, POINTER("/tmp/x")),
    RAW("quotactl", kMachine, SYS_quotactl, 0x800007 << 8, POINTER("/dev/vda"), 0, POINTER(page)),
    RAW("acct", kMachine, SYS_acct, 0),
    RAW("settimeofday", kMachine, SYS_settimeofday, POINTER(&now), 0),
    RAW("clock_settime", kMachine, SYS_clock_settime, 0, POINTER(page)),
    RAW("clock_adjtime", kMachine, SYS_clock_adjtime, 0, POINTER(page)),
    RAW("adjtimex", kMachine, SYS_adjtimex, POINTER(page)),
    RAW("sethostname", kMachine, SYS_sethostname, POINTER("x"), 1),
    RAW("setdomainname", kMachine, SYS_setdomainname, POINTER("x"), 1),
    RAW("kernel log", kMachine, SYS_syslog, 3, POINTER(page), sizeof(page)),
    RAW("iopl", kMachine, SYS_iopl, 3),
    RAW("ioperm", kMachine, SYS_ioperm, 0x80, 1, 1),
    RAW("sync", kMachine, SYS_sync),
    RAW("syncfs", kMachine, SYS_syncfs, 0),
    RAW("vhangup", kMachine, SYS_vhangup),

    {"a 32-bit call", "SIGSYS|SIGSEGV", kForeign, call_32_bit, NULL, 0, {0}},
    {"an x32 call", "SIGSYS", kForeign, raw_call, NULL, 0x40000000 + SYS_getpid, {0}},
    {"an x32 mount", "SIGSYS", kForeign, raw_call, NULL, 0x40000000 + SYS_mount, {0}},
    RAW("a call that will come", kForeign, 600),
    {"getpid", "ok", "the other end of the two above", raw_call, NULL, SYS_getpid, {0}},
    {NULL, NULL, NULL, NULL, NULL, 0, {0}},
};
