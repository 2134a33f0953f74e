#pragma once
// Large bytes by the SHA-256 of their content: deployment packages and layers, later object data.
//
// A blob is immutable; putting the same bytes twice keeps one copy. put returns when the bytes and their name are on disk
// (fsync of file and folder), so a record that names a blob may be committed right after. Torn writes leave only a temporary
// file, removed at the next open. All calls block and are thread-safe.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/strong.h"

namespace wick::blob {

using BlobId = Strong<struct BlobIdTag>;  // 64 lower-case hexadecimal digits

Result<BlobId> parse_id(std::string_view text);

class Store {
 public:
  virtual ~Store() = default;
  virtual Result<BlobId> put(std::string_view bytes) = 0;
  virtual Result<std::string> get(const BlobId& id) = 0;
  virtual Result<std::string> get_range(const BlobId& id, std::uint64_t offset, std::uint64_t size) = 0;
  virtual Result<std::uint64_t> size(const BlobId& id) = 0;
  virtual Result<> erase(const BlobId& id) = 0;  // not_found is not an error
};

Result<std::unique_ptr<Store>> open_local(const std::string& directory);

}  // namespace wick::blob
