#pragma once
// From what a person points at (a file, a folder, a zip, an executable) to a deployment package, with runtime and handler found out.
#include <string>
#include <vector>

#include "base/result.h"

namespace wick::cli {

enum class Kind { node, python, executable };

struct Package {
  std::string name;     // of the file or folder, fit for a function's name
  std::string zip;
  Kind kind = Kind::python;
  std::string handler;  // hello.handler; bootstrap for an executable
};

// Files in name order with one fixed time, so that the same content always gives the same zip. Left out: .git, __pycache__ and what is
// not a file, folder or link. Errors: not_found, invalid_argument (says what was looked for), too_large (over the 50 MB of a direct
// upload), io.
Result<Package> make_package(const std::string& path);

// The function that a source text exports, as a handler's last part: handler, lambda_handler, or the only one there is.
std::string exported_handler(Kind kind, const std::string& source);

}  // namespace wick::cli
