#pragma once
// Large bytes by the SHA-256 of their content: deployment packages and layers, later object data.
//
// A blob is immutable; putting the same bytes twice keeps one copy. put returns when the bytes and their name are on disk
// (fsync of file and folder), so a record that names a blob may be committed right after. Torn writes leave only a temporary
// file, removed at the next open. All calls block and are thread-safe. Errors: not_found, invalid_argument (not an id), io.
#include <cstdint>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/strong.h"

namespace wick::blob {

using BlobId = Strong<struct BlobIdTag>;  // 64 lower-case hexadecimal digits

Result<BlobId> parse_id(std::string_view text);

class Store {
 public:
  virtual ~Store() = default;
  virtual Result<BlobId> put(std::string_view bytes) = 0;
  virtual Result<std::string> get(const BlobId& id) = 0;  // checks the content against its id: io if it was damaged
  // Fewer bytes than size where the blob ends, none past its end. Not checked against the id.
  virtual Result<std::string> get_range(const BlobId& id, std::uint64_t offset, std::uint64_t size) = 0;
  virtual Result<std::uint64_t> size(const BlobId& id) = 0;
  // Removes what is not in named, unless it was put, or in another sweep's named, since then: whoever put it may not have named it yet. Returns
  // how many. Ends early at a stop. One at a time.
  virtual Result<std::size_t> sweep(const std::set<BlobId>& named, WallTime since, std::stop_token stop) = 0;
};

// Files in directory, made if missing. One process at a time.
Result<std::unique_ptr<Store>> open_local(const std::string& directory);

}  // namespace wick::blob
