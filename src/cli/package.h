#pragma once
// From what a person points at (a file, a folder, a zip, an executable) to a deployment package, with the handler found out.
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/handler.h"

namespace wick::cli {

struct Package {
  std::string name;  // of the file or folder, fit for a function's name
  std::string zip;
  Files files;
  std::optional<Handler> handler;
};

// Files in name order with one fixed time, so that the same content always gives the same zip. Left out: .git, __pycache__ and what is
// not a file, folder or link. Errors: not_found, invalid_argument (says what was looked for), too_large (over the 50 MB of a direct
// upload), io.
Result<Package> make_package(const std::string& path);

}  // namespace wick::cli
