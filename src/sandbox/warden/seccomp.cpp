#include "sandbox/warden/seccomp.h"

#include <asm/termbits.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include <asm/ioctls.h>

#include "base/fd.h"
#include "sandbox/warden/syscalls.h"

namespace wick::sandbox::warden {
namespace {

using Context = std::unique_ptr<void, decltype([](void* context) { seccomp_release(context); })>;

constexpr std::uint64_t kLow32 = 0xffffffff;  // the kernel reads int arguments as 32 bits, whatever is above
constexpr std::uint64_t kSocketType = 0xf;    // beside it are SOCK_CLOEXEC and SOCK_NONBLOCK
constexpr std::uint64_t kNamespaceFlags = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

// On files, pipes and sockets; no terminal ever reaches a sandbox, so TIOCSTI and the like have no use.
constexpr std::uint64_t kIoctls[] = {TCGETS,     TIOCGWINSZ,   TIOCGPGRP,     FIONREAD,       FIONBIO,      FIOCLEX,
                                     FIONCLEX,   FIOASYNC,     SIOCGIFCONF,   SIOCGIFNAME,    SIOCGIFFLAGS, SIOCGIFADDR,
                                     SIOCGIFMTU, SIOCGIFINDEX, SIOCGIFHWADDR, SIOCGIFNETMASK, SIOCATMARK,   FICLONE};

class Rules {
 public:
  explicit Rules(scmp_filter_ctx context) : context_(context) {}

  // Calls that this machine's table lacks are passed over: the list is for all.
  template <class... Compare>
  void allow(const char* name, Compare... compare) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number >= 0) note(seccomp_rule_add(context_, SCMP_ACT_ALLOW, number, sizeof...(compare), compare...));
  }
  void note(int result) {
    if (result != 0 && result_ == 0) result_ = result;
  }
  int result() const { return result_; }

 private:
  scmp_filter_ctx context_;
  int result_ = 0;
};

scmp_arg_cmp equals(unsigned argument, std::uint64_t value, std::uint64_t mask = kLow32) {
  return scmp_arg_cmp{.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

// Plain TCP, UDP and Unix sockets, and the route socket that getifaddrs(3) reads interfaces from. Raw, packet, vsock, AF_ALG and
// every other family or protocol, many of which load a kernel module when first asked for, are not there.
void allow_sockets(Rules& rules) {
  for (const int domain : {AF_INET, AF_INET6}) {
    for (const int protocol : {0, static_cast<int>(IPPROTO_TCP)}) {
      rules.allow("socket", equals(0, static_cast<std::uint64_t>(domain)), equals(1, SOCK_STREAM, kSocketType),
                  equals(2, static_cast<std::uint64_t>(protocol)));
    }
    for (const int protocol : {0, static_cast<int>(IPPROTO_UDP)}) {
      rules.allow("socket", equals(0, static_cast<std::uint64_t>(domain)), equals(1, SOCK_DGRAM, kSocketType),
                  equals(2, static_cast<std::uint64_t>(protocol)));
    }
  }
  rules.allow("socket", equals(0, AF_UNIX), equals(2, 0));
  rules.allow("socketpair", equals(0, AF_UNIX), equals(2, 0));
  rules.allow("socket", equals(0, AF_NETLINK), equals(2, NETLINK_ROUTE));
}

void add_rules(Rules& rules) {
  for (const char* name : kAllowedSyscalls) rules.allow(name);
  rules.allow("clone", equals(0, 0, kNamespaceFlags));
  allow_sockets(rules);
  for (const std::uint64_t request : kIoctls) rules.allow("ioctl", equals(1, request));
  rules.allow("personality", equals(0, 0));
  rules.allow("personality", equals(0, kLow32));  // only asks
}

std::unexpected<Error> fail_seccomp(int result) {
  errno = -result;
  return fail_errno("compile the system call filter");
}

}  // namespace

Result<SyscallFilter> compile_syscall_filter(FilterFor whom) {
  const Context context(seccomp_init(SCMP_ACT_ERRNO(ENOSYS)));
  if (!context) return fail(Errc::io, "libseccomp cannot start a filter");
  Rules rules(context.get());
  rules.note(seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
  rules.note(seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2));  // a binary tree: few steps for each call
  add_rules(rules);
  // Whoever is not traced gets ENOSYS for it too.
  if (whom == FilterFor::templates) rules.note(seccomp_rule_add(context.get(), SCMP_ACT_TRACE(0), SCMP_SYS(setns), 0));
  if (rules.result() != 0) return fail_seccomp(rules.result());

  const UniqueFd file(memfd_create("filter", MFD_CLOEXEC));
  if (!file) return fail_errno("make a memory file");
  if (const int result = seccomp_export_bpf(context.get(), file.get()); result != 0) return fail_seccomp(result);
  SyscallFilter filter(static_cast<std::size_t>(lseek(file.get(), 0, SEEK_END)) / sizeof(sock_filter));
  const std::size_t size = filter.size() * sizeof(sock_filter);
  if (pread(file.get(), filter.data(), size, 0) != static_cast<ssize_t>(size)) return fail_errno("read the filter");
  return filter;
}

Result<> load_syscall_filter(SyscallFilter& filter) {
  const sock_fprog program{.len = static_cast<unsigned short>(filter.size()), .filter = filter.data()};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) return fail_errno("load the system call filter");
  return {};
}

}  // namespace wick::sandbox::warden
