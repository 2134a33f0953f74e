#pragma once
// How the daemon gets its sandbox backend: the warden is started while the daemon still has whatever privileges it was given, then
// the daemon gives them up, then it opens the backend on the socket it kept.
#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/backend.h"
#include "sandbox/warden/options.h"

namespace wick::sandbox {

struct WardenProcess {
  UniqueFd socket;  // SOCK_SEQPACKET; closing it ends the warden and every instance
  pid_t pid = -1;   // a child of the caller
};

// Runs program (wick-warden, beside the calling program) with these options and a clean environment. Call before there are threads.
// lock: a descriptor that the warden holds open for as long as it lives, so that a lock on it outlasts a daemon that was killed until
// nothing of its instances is left; -1 for none.
Result<WardenProcess> start_warden(const std::string& program, const warden::Options& options, int lock = -1);

struct ProcessBackend {
  std::unique_ptr<Backend> backend;
  std::vector<std::string> missing;  // protections that this machine or mode lacks, as sentences for the operator
};

// Waits for the warden's Hello, at most a few seconds. The backend ends with the warden: boots then fail with unavailable, and each
// living instance gets its on_exit. on_lost is called once if the warden goes by itself.
Result<ProcessBackend> open_process_backend(boost::asio::any_io_executor loop, WardenProcess warden, std::function<void()> on_lost);

}  // namespace wick::sandbox
