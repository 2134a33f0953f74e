#pragma once
// What the caller and the log get when an invocation did not succeed: AWS's error types and texts for each case.
#include <string>

#include "invoke/channel.h"
#include "invoke/invocation.h"
#include "sandbox/backend.h"

namespace wick::invoke {

struct Failure {
  std::string type;     // Runtime.ExitError, Sandbox.Timedout, or the exception's own
  std::string payload;  // the error object as JSON
  std::string log;      // what the platform says about it in the function's log, possibly nothing
  std::string status;   // of the REPORT line: success when the runtime answered, with whatever; error, timeout
};

// "exit status 3", "signal: segmentation fault" (the words of Go's os.ProcessState, which AWS uses); empty for status 0.
std::string describe_exit(int wait_status);

// reply is anything but ok. exit: how the instance ended, nullptr where that is not known (yet). log has no time in front.
Failure failure_of(const Reply& reply, const RequestId& id, const sandbox::Exit* exit, std::uint32_t timeout_s);
// The sandbox could not execute anything: message is the backend's, in AWS's words.
Failure invalid_entrypoint(const RequestId& id, const std::string& message);

}  // namespace wick::invoke
