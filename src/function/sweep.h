#pragma once
// Removes what is stored of functions and layers that are gone: packages in blob/ and the folders that they were unpacked into.
//
// A blob stays for an hour after it was put or last seen named: a record that names it may be on its way, and calls, too. A folder stays as
// long as an instance uses it. Blocks; ends early at a stop; one at a time, beside everything else that uses these parts. Errors: io.
#include <stop_token>

#include "base/result.h"
#include "blob/store.h"
#include "function/packages.h"
#include "function/registry.h"

namespace wick::function {

struct Swept {
  std::size_t blobs = 0;
  std::size_t folders = 0;
};

Result<Swept> sweep(Registry& registry, blob::Store& blobs, Packages& packages, std::stop_token stop);

}  // namespace wick::function
