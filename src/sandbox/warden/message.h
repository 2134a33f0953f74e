#pragma once
// What the daemon and the warden say to each other, one message to a packet of a SOCK_SEQPACKET socket pair.
//
//   daemon to warden   Boot, Fork, EndInit, Kill, GetUsage
//   warden to daemon   Hello first and once; then Booted (with kBootedDescriptors descriptors: channel, log, runtime API,
//                      Wick's API) or Failed for each Boot and Fork, Exited once for each Booted, UsageReply for each GetUsage
//
// The warden trusts no byte of a packet. decode_request() checks the form only (type, exact length, every string ended by a
// zero byte); rules.h checks what the values may be. A packet: one byte of type, then the fields in the order that fields()
// gives them, integers little endian, strings with their final zero byte, lists with a u32 count before them.
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "sandbox/limits.h"

namespace wick::sandbox::warden {

inline constexpr std::uint32_t kProtocolVersion = 3;
inline constexpr std::size_t kPacketMax = 64 * 1024;  // bytes; AWS allows 4 KiB of a function's own environment variables
inline constexpr std::size_t kBootedDescriptors = 4;

// Views point into the packet and are followed by a zero byte there. The packet holds secrets of the function (its environment),
// so the warden wipes it after use instead of copying it.
struct Boot {
  std::string_view id;
  std::string_view runtime;
  std::string_view package;
  std::string_view layers;
  Limits limits;
  Network network = Network::api_only;
  bool is_template = false;
  std::string_view share = {};  // a name for all that share the processor as if they were one (shares.h); empty: this one stands for itself
  std::vector<std::string_view> environment;
};
// A new instance out of a template, which origin names.
struct Fork {
  std::string_view id;
  std::string_view origin;
  std::string_view package;  // empty: the template's own; of a template without one, to be given
  std::string_view layers;
  std::string_view share = {};  // of a fork of a template without a package
  Limits limits;
  std::vector<std::string_view> environment;  // what is set over the template's
};
struct EndInit {
  std::string_view id;
};
struct Kill {
  std::string_view id;
};
struct GetUsage {
  std::string_view id;
};

struct Hello {
  std::uint32_t version = kProtocolVersion;
  std::string error;                 // why the warden cannot work at all; empty when it can
  std::vector<std::string> missing;  // protections that this machine or mode lacks, as sentences for the operator
  bool can_fork = false;             // whether a Fork can succeed at all
};
struct Booted {
  std::string id;
};
struct Failed {
  std::string id;
  Errc code = Errc::internal;
  std::string message;
};
struct Exited {
  std::string id;
  Exit exit;
};
struct UsageReply {
  std::string id;
  Usage usage;
};

using Request = std::variant<Boot, Fork, EndInit, Kill, GetUsage>;
using Reply = std::variant<Hello, Booted, Failed, Exited, UsageReply>;

std::string encode(const Request& request);
std::string encode(const Reply& reply);
// Error: invalid_argument, for a packet that no version of encode() would have made.
Result<Request> decode_request(std::string_view packet);
Result<Reply> decode_reply(std::string_view packet);

}  // namespace wick::sandbox::warden
