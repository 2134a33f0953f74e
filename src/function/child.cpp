#include "function/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/clock.h"

namespace wick::function {
namespace {

constexpr std::size_t kOutputMax = 64 * 1024;

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  out.reserve(strings.size() + 1);
  for (const auto& string : strings) out.push_back(const_cast<char*>(string.c_str()));
  out.push_back(nullptr);
  return out;
}

// Takes what is there to read. False at the end.
bool drain(int pipe, std::string& output) {
  char piece[16 * 1024];
  while (true) {
    const ssize_t n = read(pipe, piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 && errno == EAGAIN;
    output.append(piece, static_cast<std::size_t>(n));
    if (output.size() > kOutputMax) output.erase(0, output.size() - kOutputMax);
  }
}

}  // namespace

Result<Child> Child::start(const std::vector<std::string>& argv, const std::vector<std::string>& environment) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail_errno("make a pipe");
  UniqueFd output(ends[0]);
  const UniqueFd write_end(ends[1]);
  fcntl(output.get(), F_SETFL, O_NONBLOCK);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, write_end.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, write_end.get(), STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  sigaddset(&signals, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &signals);

  pid_t pid = -1;
  const int error = posix_spawnp(&pid, argv.front().c_str(), &files, &attributes, pointers(argv).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return fail(Errc::io, fmt::format("run {}: {}", argv.front(), std::strerror(error)));
  return Child(pid, std::move(output));
}

Child::~Child() {
  if (pid_ < 0) return;
  kill(-pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<Child::Exit> Child::wait(std::chrono::milliseconds timeout) {
  const auto& clock = Clock::system();
  const auto deadline = clock.monotonic() + timeout;
  const UniqueFd ended(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  if (!ended) return fail_errno("watch a child");
  Exit exit;
  bool open = true;
  // Its end is what counts: a process that it left behind may hold the pipe for ever.
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock.monotonic()).count();
    if (left <= 0) return fail(Errc::deadline_exceeded, fmt::format("not done within {} ms", timeout.count()));
    pollfd events[2] = {{ended.get(), POLLIN, 0}, {open ? output_.get() : -1, POLLIN, 0}};
    if (poll(events, 2, static_cast<int>(left)) < 0 && errno != EINTR) return fail_errno("wait for a child");
    if (open) open = drain(output_.get(), exit.output);
    if (events[0].revents != 0) break;
  }
  if (open) drain(output_.get(), exit.output);
  kill(-pid_, SIGKILL);  // whatever it left behind; it is not reaped yet, so the group is still its own
  int status = 0;
  if (waitpid(std::exchange(pid_, -1), &status, 0) < 0) return fail_errno("reap a child");
  exit.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit;
}

}  // namespace wick::function
