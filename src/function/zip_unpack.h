#pragma once
// Unpacking a zip that comes from a stranger into a folder, over what is there: how a package and its layers reach the disk.
//
// Nothing is ever written through a symbolic link, and each file is made anew, so the folder's content cannot lead a write out of
// it. Files get mode 0644, or 0755 when the zip marks them executable, folders 0755, whatever the umask; times are the zip's
// (Python's cached bytecode names them). Nothing is synced. After an error the folder holds part of the content.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace wick::function {

// folder exists. Returns the bytes written. Errors: those of ZipReader, invalid_argument (a file where a folder is, or the
// other way round), io.
Result<std::uint64_t> unpack_zip(std::string_view zip, const std::string& folder, std::uint64_t bytes_max);

}  // namespace wick::function
