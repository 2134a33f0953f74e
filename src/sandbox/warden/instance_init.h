#pragma once
// The first process of an instance: pid 1 of its pid namespace. It is made ahead of need, moves into its namespaces and cgroup and
// waits for its order. Then it builds the file system around itself, gives up everything, starts the runtime, and from there on
// only reaps orphans. When the runtime process ends it ends too, and the kernel kills the rest. A template's stays for as long as it has forks.
//
// It is a fork of the warden without an exec. Nothing in it is reachable for the code it starts: it cannot be traced or read (not
// dumpable), is not to be seen in /proc, and has by then no descriptor but the socket below and no secret in its memory.
//
// The SOCK_SEQPACKET socket to the warden carries the order, which is the packet of a Boot (message.h) with two descriptors, the
// runtime's output and its channel, and a template's control socket as a third; and then the news, each a byte of NewsType and a body.
#include <sys/types.h>

#include "sandbox/warden/cgroup.h"
#include "sandbox/warden/host.h"
#include "sandbox/warden/network.h"

namespace wick::sandbox::warden {

// Each of the first four comes at most once, failed in place of those that would follow.
enum class NewsType : char {
  outside = 'O',  // asks for the outside network; with a descriptor, the pipe that says that it is there (outside.h)
  started = 'S',  // the runtime has been exec'd
  failed = 'F',   // u8 Errc, text
  ended = 'E',    // int: the runtime's status as waitpid(2) gives it
  // Of a template only, for each other child: pid_t as this process knows it, int status. Also after ended.
  child_ended = 'C',
};
inline constexpr const char* kHostName = "sandbox";
inline constexpr std::size_t kNewsMax = 512;

struct InitPlan {
  const Host& host;
  const Cgroup* cgroup = nullptr;  // null for none
  const InstanceNetwork& network;
  uid_t user = 0;   // of the host, as the warden sees it
  int socket = -1;  // to the warden
};

[[noreturn]] void run_init(const InitPlan& plan);

}  // namespace wick::sandbox::warden
