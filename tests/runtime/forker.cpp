// Stands in for the warden where forks are to stay outside of any sandbox: runs a template (runtime/README.md) and has it forked. The way
// is the warden's, except that the fork's setns is skipped from outside, so it keeps the template's namespaces.
//
// /tmp and /dev/shm are empty folders of its own.
//
//   wick_test_forker SOCKET COMMAND...     with descriptors 3 and 4: the template's channel and its log
//
// Standard input: orders, each a u32 length (little endian) and the fork's environment. For each the fork gets two connections to
// SOCKET, a listening stream socket: its channel and its log. Standard output: a line "exit PID CODE" for each process that ends
// (128 + N for signal N), and "fork PID" for each fork.
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

namespace {

constexpr int kChannel = 3;
constexpr int kLog = 4;
constexpr int kNamespaces = 7;

void check(bool good, const char* what) {
  if (good) return;
  std::perror(what);
  std::exit(1);
}

struct Pair {
  int ours, theirs;
};
Pair make_pair_of_sockets() {
  int fds[2];
  check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0, "socketpair");
  const int on = 1;
  check(setsockopt(fds[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0, "SO_PASSCRED");
  return {fds[0], fds[1]};
}

// Who has sent a packet.
pid_t hear(int socket) {
  char byte;
  iovec vector{.iov_base = &byte, .iov_len = 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  check(recvmsg(socket, &message, 0) == 1, "the template does not answer");
  ucred sender{};
  std::memcpy(&sender, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(sender));
  return sender.pid;
}

void send_descriptors(int socket, const std::string& text, const int* fds, std::size_t size) {
  iovec vector{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(16 * sizeof(int))];
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(size);
  cmsghdr* part = CMSG_FIRSTHDR(&message);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(size);
  std::memcpy(CMSG_DATA(part), fds, size);
  check(sendmsg(socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()), "sendmsg");
}

int connect_to(const char* path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
  check(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0, "connect");
  return fd;
}

// Lets the process run until it has called setns, and makes it believe that it went well.
void skip_setns(pid_t process) {
  int status = 0;
  while (waitpid(process, &status, __WALL) == process && WIFSTOPPED(status)) {
    user_regs_struct registers{};
    check(ptrace(PTRACE_GETREGS, process, nullptr, &registers) == 0, "PTRACE_GETREGS");
    const auto result = static_cast<std::int64_t>(registers.rax);
    if (WSTOPSIG(status) == (SIGTRAP | 0x80) && registers.orig_rax == SYS_setns && result != -ENOSYS) {
      registers.rax = 0;
      check(ptrace(PTRACE_SETREGS, process, nullptr, &registers) == 0, "PTRACE_SETREGS");
      check(ptrace(PTRACE_DETACH, process, nullptr, nullptr) == 0, "PTRACE_DETACH");
      return;
    }
    ptrace(PTRACE_SYSCALL, process, nullptr, nullptr);
  }
  check(false, "the process that is to fork has ended");
}

void fork_template(int control, const char* path, const std::string& environment) {
  check(send(control, "F", 1, MSG_NOSIGNAL) == 1, "send");
  const pid_t process = hear(control);
  check(ptrace(PTRACE_SEIZE, process, nullptr, PTRACE_O_TRACESYSGOOD) == 0, "PTRACE_SEIZE");
  check(ptrace(PTRACE_INTERRUPT, process, nullptr, nullptr) == 0, "PTRACE_INTERRUPT");
  const Pair own = make_pair_of_sockets();
  int place[kNamespaces + 1];
  for (int i = 0; i < kNamespaces; ++i) place[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
  place[kNamespaces] = own.theirs;
  send_descriptors(control, "O", place, sizeof(place));
  for (const int fd : place) close(fd);
  skip_setns(process);
  std::printf("fork %d\n", hear(own.ours));
  const int ends[] = {connect_to(path), connect_to(path)};
  send_descriptors(own.ours, environment, ends, sizeof(ends));
  for (const int fd : ends) close(fd);
  close(own.ours);
}

void report_ended() {
  int status = 0;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    std::printf("exit %d %d\n", pid, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
  }
}

// But for the folder of /tmp that this build lies in, where it does.
void empty_folders() {
  std::string build = std::filesystem::read_symlink("/proc/self/exe");
  build = build.starts_with("/tmp/") ? build.substr(0, build.find('/', sizeof("/tmp/") - 1)) : "";
  check(unshare(CLONE_NEWNS | (geteuid() == 0 ? 0 : CLONE_NEWUSER)) == 0, "unshare");
  check(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make mounts private");
  const int kept = build.empty() ? -1 : open(build.c_str(), O_PATH | O_CLOEXEC);
  const std::string source = "/proc/self/fd/" + std::to_string(kept);
  for (const char* folder : {"/tmp", "/dev/shm"}) check(mount("tmpfs", folder, "tmpfs", 0, "mode=1777") == 0, folder);
  if (kept < 0) return;
  check(mkdir(build.c_str(), 0755) == 0, build.c_str());
  check(mount(source.c_str(), build.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0, build.c_str());
}

[[noreturn]] void run_template(char** command, int control) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  check(dup2(kLog, 1) == 1 && (control == 4 ? fcntl(4, F_SETFD, 0) == 0 : dup2(control, 4) == 4), "dup2");
  check(dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 0) == 0, "/dev/null");
  execv(command[0], command);
  check(false, command[0]);
  std::exit(1);
}

bool read_order(std::string& environment) {
  std::uint32_t size = 0;
  if (std::fread(&size, sizeof(size), 1, stdin) != 1) return false;
  environment.resize(size);
  return std::fread(environment.data(), 1, size, stdin) == size;
}

}  // namespace

int main(int, char** arguments) {
  std::setvbuf(stdin, nullptr, _IONBF, 0);  // poll(2) sees all that there is
  std::setvbuf(stdout, nullptr, _IOLBF, 1024);
  empty_folders();
  check(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0, "PR_SET_CHILD_SUBREAPER");
  sigset_t ended;
  sigemptyset(&ended);
  sigaddset(&ended, SIGCHLD);
  sigprocmask(SIG_BLOCK, &ended, nullptr);
  const int signals = signalfd(-1, &ended, SFD_CLOEXEC | SFD_NONBLOCK);

  const Pair control = make_pair_of_sockets();
  if (fork() == 0) run_template(arguments + 2, control.theirs);
  close(control.theirs);
  close(kChannel);
  close(kLog);

  pollfd waited[] = {{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0}, {.fd = signals, .events = POLLIN, .revents = 0}};
  std::string environment;
  bool is_parked = false;
  while (poll(waited, 2, -1) > 0) {
    signalfd_siginfo unused;
    while (read(signals, &unused, sizeof(unused)) > 0) {
    }
    report_ended();
    if (waited[0].revents == 0) continue;
    if (!read_order(environment)) break;
    if (!is_parked) hear(control.ours);
    is_parked = true;
    fork_template(control.ours, arguments[1], environment);
  }
}
