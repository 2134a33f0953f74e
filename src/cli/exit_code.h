#pragma once
// What the exit status of `wick` means, for scripts.
#include "base/result.h"

namespace wick::cli {

enum ExitCode : int {
  kDone = 0,
  kFailed = 1,         // it could not be done; standard error says why and what to do
  kUsage = 2,          // the command line is wrong
  kNotFound = 3,       // no such function, file or runtime
  kUnreachable = 4,    // no Wick answers at the endpoint
  kThrottled = 5,      // over a concurrency limit; may be tried again
  kFunctionError = 10  // the function ran and failed; its error is on standard output
};

ExitCode exit_code(Errc code);

}  // namespace wick::cli
