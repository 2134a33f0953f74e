#pragma once
// The root file system that every instance starts from. The warden builds it once, at start, and moves into it itself: an
// instance's mount namespace is then a copy of the warden's with a few private mounts added (instance_root.h), which makes a boot
// cheap, and the warden sees of the host no more than what is listed here.
//
//   /usr              the host's; /bin, /lib ... as on the host (links into /usr on Debian)
//   /etc              a few files written new, the certificates, the loader's cache
//   /dev              null, zero, full, random, urandom and the standard links
//   /proc /tmp /dev/shm /opt /var/task /var/runtime /var/lang /var/empty   empty, for the instance's own mounts
//   /var/node_modules /node_modules   links by which ES modules find layers, then the SDK, as NODE_PATH does for CommonJS
//   /host             what only the warden needs: data/, share/, runtimes/NAME/, proc/; one mount, detached in every instance
//
// All of it is read-only.
#include "base/result.h"
#include "sandbox/warden/options.h"

namespace wick::sandbox::warden {

// Replaces the calling process's root (in a new mount namespace of its own). Needs CAP_SYS_ADMIN.
Result<> enter_base_root(const Options& options);

}  // namespace wick::sandbox::warden
