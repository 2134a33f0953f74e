#pragma once
// Packets with descriptors over a SOCK_SEQPACKET socket (unix(7)): the carrier of message.h, the same for both ends.
#include <sys/types.h>

#include <span>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace wick::sandbox::warden {

enum class Wait { yes, no };

// Both ends are closed at an exec.
struct Pair {
  UniqueFd ours;
  UniqueFd theirs;
};
Result<Pair> make_socket_pair(int type);
// The same, with our end told who sends: see receive_packet().
Result<Pair> make_pair_that_knows_senders();
Result<Pair> make_pipe();  // ours is the read end

// Whoever sends it descriptors gets EPERM from now on. One that nobody wants is closed by the process that reads past it, which may wait for
// that as long as the sender has arranged. From Linux 6.16 on; before, the system call filter keeps the worst from a sandbox (seccomp.cpp).
void take_no_descriptors(int socket);

// As send_packet() takes them.
std::vector<int> numbers_of(std::span<const UniqueFd> descriptors);
// The descriptors stay the caller's. Error: unavailable where Wait::no would have to wait, io otherwise (EPIPE: the peer is gone).
Result<> send_packet(int socket, std::string_view packet, std::span<const int> descriptors, Wait wait);

// Places one packet in buffer and returns its size, 0 when the peer is gone. Descriptors are taken only where there is a place for
// them; any others are closed by the kernel. Errors: unavailable as above, invalid_argument (larger than the buffer), io.
// sender becomes the sender's pid by the kernel's word, or 0 where the socket is not told.
Result<std::size_t> receive_packet(int socket, std::span<char> buffer, std::vector<UniqueFd>* descriptors, Wait wait, pid_t* sender = nullptr);

}  // namespace wick::sandbox::warden
