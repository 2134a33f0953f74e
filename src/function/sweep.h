#pragma once
// Removes what is stored of functions and layers that are gone: packages in blob/ and the folders that they were unpacked into.
//
// A blob stays for unnamed_max after it was put, since its record is only written then; a folder as long as an instance uses it.
// Blocks; thread-safe, and safe beside everything else that uses these parts. Errors: io.
#include <chrono>

#include "base/result.h"
#include "blob/store.h"
#include "function/packages.h"
#include "function/registry.h"

namespace wick::function {

struct Swept {
  std::size_t blobs = 0;
  std::size_t folders = 0;
};

Result<Swept> sweep(Registry& registry, blob::Store& blobs, Packages& packages, std::chrono::seconds unnamed_max);

}  // namespace wick::function
