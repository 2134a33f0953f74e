#include "sandbox/warden/offspring.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace wick::sandbox::warden {

Result<> die_with(const UniqueFd& parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return fail_errno("ask for a signal at the warden's end");
  pollfd end{.fd = parent.get(), .events = POLLIN, .revents = 0};
  if (poll(&end, 1, 0) != 0) return fail(Errc::unavailable, "the warden is gone");
  return {};
}

void close_all_but(const std::set<int>& kept, int first) {
  for (const int fd : kept) {
    if (fd < first) continue;
    if (fd > first) close_range(static_cast<unsigned>(first), static_cast<unsigned>(fd) - 1, 0);
    first = fd + 1;
  }
  close_range(static_cast<unsigned>(first), ~0U, 0);
}

}  // namespace wick::sandbox::warden
