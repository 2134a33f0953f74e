#pragma once
// The keeper of one template: a process of the warden's that has seats made for it (seat.h), and forks into them, at the order or
// ahead of it, so that the warden's loop waits for none of that. A fork of the warden with all its rights, and with no descriptor but those it needs.
//
// It ends with the warden, when its socket closes, and when a fork is not carried out within kForkMaxSeconds, or twice that if another has begun
// meanwhile, or the template does not do what it should: it is then no more to be relied on, and neither is the template. A process that is being
// admitted dies with it.
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/warden/host.h"

namespace wick::sandbox::warden {

inline constexpr unsigned kForkMaxSeconds = 2;
inline constexpr std::size_t kMakersMax = 2;  // that make seats at one time; further orders wait

// What the two say to each other, one to a packet of a SOCK_SEQPACKET pair: a Note, and what is named with each. seat is a number of
// the warden's choice, which it never chooses again, so that news of a seat that it has given up are nobody else's.
enum class NoteType : std::uint8_t {
  // To the keeper.
  make,    // a seat; with the doors of its control groups
  ahead,   // a fork into a seat that was made, which waits there for its order; once the template is parked
  fork,    // an order for the fork in a seat, one made ahead or now, with what the seat lacks for it; the packet of a Fork (message.h), with the
           // channel and the log
  forget,  // a seat that is not needed any more, whose first process the warden ends, or whose fork has its order from the warden
  // To the warden.
  made,    // a seat; with its first process (pidfd), its two listening sockets, and the lifeline of its outside network if it has one
  forked,  // value: the process's pid in the template's pid namespace, 0 if it has gone already. It waits in its seat; with a socket to it
  begun,   // the fork in the seat has its order
  failed,  // value: Errc; text. Of a seat or its fork. The template is none the worse
};
struct Note {
  NoteType type = NoteType::make;
  std::uint64_t seat = 0;
  std::int32_t value = 0;
};

inline constexpr std::size_t kTextMax = 512;

std::string encode_note(const Note& note, std::string_view text = {});
// The text, which points into the packet. Error: invalid_argument.
Result<std::string_view> decode_note(std::string_view packet, Note& note);

struct KeeperPlan {
  const Host& host;
  pid_t first_process = -1;  // the template's, alive
  int control = -1;          // the template's control socket (wick_fork.h)
  uid_t user = 0;
  std::uint64_t tmp_bytes = 0;
  Network network = Network::api_only;
  bool has_package = false;  // the template; seat.h
};

struct Keeper {
  UniqueFd process;  // pidfd
  UniqueFd socket;
};
Result<Keeper> start_keeper(const KeeperPlan& plan);

}  // namespace wick::sandbox::warden
