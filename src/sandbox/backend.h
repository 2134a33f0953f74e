#pragma once
// One isolated process tree per instance. Backend is the seam to the mechanism: Linux processes made by the warden today,
// microVMs later.
//
// The daemon is unprivileged, so Backend never takes a path that the daemon could invent: packages, layers and runtimes are
// named, and the privileged side resolves the names inside directories it opened at start.
//
// Threads: all calls and callbacks on the event loop that the backend was made with.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "base/fd.h"
#include "base/result.h"
#include "base/strong.h"
#include "sandbox/limits.h"

namespace wick::sandbox {

using InstanceId = Strong<struct InstanceIdTag>;  // 32 lower-case hexadecimal digits

// What to boot. Names are validated again by the warden.
struct Spec {
  std::string runtime;                   // a name of the warden's runtime table: nodejs20.x, python3.11, provided.al2023
  std::string package;                   // folder name under DATA/packages, mounted at /var/task
  std::string layers;                    // folder name under DATA/layers, mounted at /opt; empty for none
  std::vector<std::string> environment;  // K=V, complete
  Limits limits;
  Network network = Network::api_only;
  std::string share;         // a name for all instances that are to share the processor as if they were one; empty: this one stands for itself
  bool is_template = false;  // its runtime is told to park once init is done (runtime/README.md), and fork() may name it then
};

// What a fork of a template is to have.
struct ForkSpec {
  InstanceId origin;                     // a template that has said over its channel that it is parked
  std::string package;                   // as in Spec; empty: the template's own
  std::string layers;                    // likewise
  std::vector<std::string> environment;  // K=V, set over what the template has; 8 KiB at most, final zero bytes included
  std::string share;                     // as in Spec, of a fork of a template without a package: others share with all of their template's
  Limits limits;
};

// The daemon's ends of an instance.
struct Booted {
  InstanceId id;
  UniqueFd channel;      // stream socket to the runtime: managed runtimes speak invoke/frame.h on it; at its end for custom ones
  UniqueFd log;          // read end of the pipe that is the tree's stdout and stderr
  UniqueFd runtime_api;  // listening TCP socket on 127.0.0.1:9001 of the instance's network namespace (custom runtimes)
  UniqueFd api;          // listening TCP socket on 127.0.0.1:4566 there: Wick's API for the code inside
};

class Backend {
 public:
  virtual ~Backend() = default;

  // Starts the tree; returns when it has been exec'd, not when its runtime is ready. on_exit is called exactly once for each
  // Booted, after every process of the tree is gone and its cgroup, mounts and namespaces are released; never before boot()
  // has returned, and not any more once the backend is destroyed.
  // Errors: failed_precondition (there is no bootstrap, or it cannot be executed; the message is AWS's for
  // Runtime.InvalidEntrypoint), not_found (the runtime is not installed, the package is not there), invalid_argument (what the
  // warden refuses), throttled (too many instances), unavailable (the warden is gone), io.
  virtual boost::asio::awaitable<Result<Booted>> boot(Spec spec, std::function<void(Exit)> on_exit) = 0;

  // A new instance out of a parked template, in namespaces, a cgroup and files of its own; on_exit as for boot(). It lives on when its
  // template is killed, but not when that ends by itself. Returns when the fork runs, not when it is ready.
  // Errors: those of boot(); unavailable too when the template is gone or does not fork, after which it is ended: boot instead.
  virtual boost::asio::awaitable<Result<Booted>> fork(ForkSpec spec, std::function<void(Exit)> on_exit) = 0;

  // Whether this machine and mode can fork templates at all.
  virtual bool can_fork() const = 0;

  // The runtime is ready: from here on the processor limit holds, which init runs without. Harmless on an instance that is gone.
  virtual void end_init(const InstanceId& id) = 0;

  // SIGKILL to the whole tree; on_exit follows. Harmless on an instance that is gone.
  virtual void kill(const InstanceId& id) = 0;

  // What the tree has used so far; zeros for one that is gone.
  virtual boost::asio::awaitable<Result<Usage>> usage(InstanceId id) = 0;
};

}  // namespace wick::sandbox
