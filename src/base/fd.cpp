#include "base/fd.h"

#include <poll.h>
#include <unistd.h>

namespace wick {

void UniqueFd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

bool wait_readable(int fd, int millis) {
  pollfd waited{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&waited, 1, millis) > 0;
}

}  // namespace wick
