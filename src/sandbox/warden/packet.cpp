#include "sandbox/warden/packet.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace wick::sandbox::warden {
namespace {

constexpr std::size_t kDescriptorsMax = 16;
constexpr int kPassRights = 83;  // SO_PASSRIGHTS, which older headers lack

struct ControlBuffer {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kDescriptorsMax * sizeof(int)) + CMSG_SPACE(sizeof(ucred))> bytes{};
};

std::unexpected<Error> fail_socket(const char* operation) {
  const bool would_wait = errno == EAGAIN || errno == EWOULDBLOCK;
  auto error = fail_errno(operation);
  if (would_wait) error.error().code = Errc::unavailable;
  return error;
}

void take_descriptors(msghdr& header, std::vector<UniqueFd>& descriptors) {
  for (cmsghdr* item = CMSG_FIRSTHDR(&header); item != nullptr; item = CMSG_NXTHDR(&header, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (item->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(item) + i * sizeof(int), sizeof(int));
      descriptors.emplace_back(fd);
    }
  }
}

pid_t sender_of(msghdr& header) {
  for (cmsghdr* item = CMSG_FIRSTHDR(&header); item != nullptr; item = CMSG_NXTHDR(&header, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_CREDENTIALS) continue;
    ucred credentials{};
    std::memcpy(&credentials, CMSG_DATA(item), sizeof(credentials));
    return credentials.pid;
  }
  return 0;
}

}  // namespace

Result<Pair> make_socket_pair(int type) {
  int fds[2];
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) != 0) return fail_errno("make a socket pair");
  return Pair{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

Result<Pair> make_pair_that_knows_senders() {
  WICK_TRY(Pair pair, make_socket_pair(SOCK_SEQPACKET));
  const int on = 1;
  if (setsockopt(pair.ours.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) != 0) return fail_errno("ask for senders");
  return pair;
}

Result<Pair> make_pipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return fail_errno("make a pipe");
  return Pair{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

void take_no_descriptors(int socket) {
  const int off = 0;
  (void)setsockopt(socket, SOL_SOCKET, kPassRights, &off, sizeof(off));
}

std::vector<int> numbers_of(std::span<const UniqueFd> descriptors) {
  std::vector<int> numbers(descriptors.size());
  std::ranges::transform(descriptors, numbers.begin(), &UniqueFd::get);
  return numbers;
}

Result<> send_packet(int socket, std::string_view packet, std::span<const int> descriptors, Wait wait) {
  if (descriptors.size() > kDescriptorsMax) return fail(Errc::invalid_argument, "too many descriptors for one packet");
  ControlBuffer control;
  iovec bytes{.iov_base = const_cast<char*>(packet.data()), .iov_len = packet.size()};
  msghdr header{};
  header.msg_iov = &bytes;
  header.msg_iovlen = 1;
  if (!descriptors.empty()) {
    header.msg_control = control.bytes.data();
    header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* item = CMSG_FIRSTHDR(&header);
    item->cmsg_level = SOL_SOCKET;
    item->cmsg_type = SCM_RIGHTS;
    item->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(item), descriptors.data(), descriptors.size_bytes());
  }
  while (sendmsg(socket, &header, MSG_NOSIGNAL | (wait == Wait::no ? MSG_DONTWAIT : 0)) < 0) {
    if (errno != EINTR) return fail_socket("send a packet");
  }
  return {};
}

Result<std::size_t> receive_packet(int socket, std::span<char> buffer, std::vector<UniqueFd>* descriptors, Wait wait, pid_t* sender) {
  ControlBuffer control;
  iovec bytes{.iov_base = buffer.data(), .iov_len = buffer.size()};
  msghdr header{};
  header.msg_iov = &bytes;
  header.msg_iovlen = 1;
  if (descriptors != nullptr || sender != nullptr) {
    header.msg_control = control.bytes.data();
    header.msg_controllen = control.bytes.size();
  }
  ssize_t size = 0;
  while ((size = recvmsg(socket, &header, MSG_CMSG_CLOEXEC | (wait == Wait::no ? MSG_DONTWAIT : 0))) < 0) {
    if (errno == ECONNRESET) return 0;  // the peer left with packets of ours unread
    if (errno != EINTR) return fail_socket("receive a packet");
  }
  std::vector<UniqueFd> unwanted;
  take_descriptors(header, descriptors != nullptr ? *descriptors : unwanted);
  if (sender != nullptr) *sender = sender_of(header);
  if ((header.msg_flags & MSG_TRUNC) != 0) return fail(Errc::invalid_argument, "a packet that is too long");
  return static_cast<std::size_t>(size);
}

}  // namespace wick::sandbox::warden
