#pragma once
// What an instance runs: the interpreter of a managed runtime with Wick's bootstrap, or the function's own bootstrap.
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sandbox/warden/message.h"
#include "sandbox/warden/options.h"

namespace wick::sandbox::warden {

struct Entry {
  std::vector<std::string> arguments;  // with the program first, an absolute path inside; empty for a custom runtime
  std::string runtime_folder;          // under /host/share, mounted at /var/runtime; empty for a custom runtime
  std::string language_folder;         // under /host, mounted at /var/lang; empty for an interpreter in /usr
};

// Of a Boot that check() has passed. Looks below data (the open data directory) for runtimes that were installed after the start.
// Error: not_found, for a runtime that this machine does not have.
Result<Entry> find_entry(const Boot& boot, const Options& options, int data);

// A managed runtime's command line, as the function has it run: by the program that its environment names as AWS_LAMBDA_EXEC_WRAPPER,
// with the command line as its arguments, if it names one. As on AWS a shell executes that, which ends with 127 where it is not there.
std::vector<std::string> wrapped(std::vector<std::string> arguments, const std::vector<std::string_view>& environment);

// A custom runtime's program, from inside. Error: failed_precondition where there is none, as AWS words it.
Result<std::string> find_bootstrap();

}  // namespace wick::sandbox::warden
