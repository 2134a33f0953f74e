#include "sandbox/warden/host.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

#include "sandbox/warden/base_root.h"
#include "sandbox/warden/capabilities.h"
#include "sandbox/warden/file_at.h"
#include "sandbox/warden/runtime_root.h"
#include "sandbox/warden/user_namespace.h"

namespace wick::sandbox::warden {
namespace {

constexpr uid_t kFirstUser = 1'459'617'792;  // 0x57000000

// What the warden's own user and group are called in the namespace it makes itself. Not 0: an instance's namespace could only be
// mapped to that by a holder of CAP_SETFCAP (user_namespaces(7)).
constexpr uid_t kRootlessUser = 1;

// The daemon's end decides when the warden ends: a terminal's interrupt or a service manager's SIGTERM is the daemon's to handle.
void ignore_signals() {
  for (const int signal_number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) signal(signal_number, SIG_IGN);
  signal(SIGCHLD, SIG_IGN);  // the kernel reaps; that a process has ended shows at its pidfd
}

// A few descriptors for each instance.
void set_own_limits() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
  const rlimit no_core{.rlim_cur = 1, .rlim_max = 1};  // the instances' too, see limit_resources(); from 0 only root can set it
  (void)setrlimit(RLIMIT_CORE, &no_core);
}

// One for each data directory, and the same one at the next start.
Result<std::string> cgroup_name(const std::string& data_directory) {
  struct stat status{};
  if (stat(data_directory.c_str(), &status) != 0) return fail_errno("look at", data_directory);
  return fmt::format("wick-{:x}-{:x}", status.st_dev, status.st_ino);
}

Result<> enter_rootless_mode(std::vector<std::string>& missing) {
  missing.push_back(fmt::format("no user of its own for each instance: all of them are user {} to this host, as Wick itself is", geteuid()));
  WICK_TRY(const UniqueFd proc_self, open_folder("/proc/self"));
  return enter_user_namespace(proc_self.get(), kRootlessUser, kRootlessUser);
}

void leave_out_unusable_runtimes(Options& options, std::vector<std::string>& missing) {
  std::erase_if(options.runtimes, [&](const HostRuntime& runtime) {
    if (is_in_usr(runtime)) return false;
    auto root = open_runtime_root(runtime, options.data_directory);
    if (root) return false;
    missing.push_back(std::move(root).error().message);
    return true;
  });
}

Result<> drop_what_is_not_needed() {
  WICK_CHECK(set_no_new_privs());
  bound_capabilities({});
  // Mounts and namespaces; instances' users; their networks; their signals; a data directory that is the daemon's alone, and
  // cgroup folders that nobody may write; the admission of forks (admission.h), traced on one processor, and
  // mounts in their namespaces.
  return keep_capabilities(
      {CAP_SYS_ADMIN, CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_NET_ADMIN, CAP_KILL, CAP_DAC_OVERRIDE, CAP_SYS_PTRACE, CAP_SYS_CHROOT, CAP_SYS_NICE});
}

// Why templates cannot be forked here; empty where they can. The rights that it takes are root's; registers are those of one machine; a
// fork must be told from its template by its groups; and what has changed its user must be nobody's to read (seat.h).
std::string why_no_forks(bool root, bool cgroups, bool keeps_dumps) {
#ifdef __x86_64__
  if (!root) return "since only root can put forks into namespaces of their own";
  if (!cgroups) return "since there are no control groups for them";
  if (keeps_dumps) return "since processes that change their user can be read here: set fs.suid_dumpable to 0";
  return {};
#else
  (void)root, (void)cgroups, (void)keeps_dumps;
  return "since forks can be put into namespaces of their own on x86-64 alone";
#endif
}

}  // namespace

Result<Host> set_up_host(Options options) {
  ignore_signals();
  set_own_limits();
  umask(022);
  WICK_TRY(const std::string name, cgroup_name(options.data_directory));
  FoundCgroups found = find_cgroups(name);
  std::vector<std::string> missing = std::move(found.missing);

  WICK_TRY(Outside outside, Outside::start());
  if (!outside.missing().empty()) missing.push_back(outside.missing());
  const bool root = geteuid() == 0;
  if (root && setgroups(0, nullptr) != 0) return fail_errno("leave all groups");
  if (!root) WICK_CHECK(enter_rootless_mode(missing));
  leave_out_unusable_runtimes(options, missing);
  WICK_CHECK(enter_base_root(options));
  WICK_TRY(UniqueFd proc_self, open_folder("/host/proc/self"));
  UniqueFd user_namespace(root ? -1 : openat(proc_self.get(), "ns/user", O_RDONLY | O_CLOEXEC));
  WICK_TRY(Networks networks, Networks::open(std::move(proc_self)));
  WICK_TRY(SyscallFilter filter, compile_syscall_filter());
  WICK_TRY(SyscallFilter template_filter, compile_syscall_filter(FilterFor::templates));
  WICK_TRY(const UniqueFd proc, open_folder("/host/proc"));
  const auto suid_dumpable = read_at(proc.get(), "sys/fs/suid_dumpable");
  const std::string no_forks = why_no_forks(root, found.cgroups != nullptr, suid_dumpable && suid_dumpable->starts_with('1'));
  if (!no_forks.empty()) missing.push_back("no templates: each cold start boots its runtime, " + no_forks);
  WICK_CHECK(drop_what_is_not_needed());
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return fail_errno("make undumpable");
  UniqueFd warden(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
  if (!warden) return fail_errno("open the warden's own pidfd");
  return Host{.options = std::move(options),
              .own_users = root,
              .cgroups = std::move(found.cgroups),
              .missing = std::move(missing),
              .networks = std::move(networks),
              .filter = std::move(filter),
              .template_filter = std::move(template_filter),
              .warden = std::move(warden),
              .outside = std::move(outside),
              .user_namespace = std::move(user_namespace),
              .can_fork = no_forks.empty()};
}

uid_t user_of(const Host& host, std::size_t slot) { return host.own_users ? kFirstUser + static_cast<uid_t>(slot) : kRootlessUser; }

}  // namespace wick::sandbox::warden
