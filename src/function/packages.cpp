#include "function/packages.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "function/content_folders.h"
#include "function/zip_unpack.h"

namespace wick::function {
namespace {

std::string hash_of(const std::vector<LayerReference>& layers) {
  std::string ids;
  for (const auto& layer : layers) ids += layer.code.str() + "\n";
  return to_hex(bytes_of(sha256(ids)));
}

}  // namespace

class Packages::Impl {
 public:
  Impl(blob::Store& blobs, std::unique_ptr<ContentFolders> packages, std::unique_ptr<ContentFolders> layers)
      : blobs_(blobs), packages_(std::move(packages)), layers_(std::move(layers)) {}

  Result<Prepared> prepare(const Version& version) {
    WICK_CHECK(blob::parse_id(version.code.str()));  // becomes a folder name
    Prepared prepared{version.code.str(), {}};
    WICK_TRY(const auto package_bytes, packages_->ensure(prepared.package, [&](const std::string& folder) -> Result<> {
      WICK_TRY(const auto zip, blobs_.get(version.code));
      WICK_CHECK(unpack_zip(zip, folder, kUnzippedMax));
      return {};
    }));
    if (version.layers.empty()) return prepared;

    prepared.layers = hash_of(version.layers);
    WICK_TRY(const auto layer_bytes,
             layers_->ensure(prepared.layers, [&](const std::string& folder) { return unpack_layers(version.layers, folder); }));
    if (const auto bytes = package_bytes + layer_bytes; bytes > kUnzippedMax) {
      return fail(Errc::too_large, fmt::format("Function code combined with layers exceeds the maximum allowed size of {} bytes. "
                                               "The actual size is {} bytes.",
                                               kUnzippedMax, bytes));
    }
    return prepared;
  }

  std::optional<Prepared> find(const Version& version) {
    Prepared prepared{version.code.str(), version.layers.empty() ? std::string() : hash_of(version.layers)};
    const auto package_bytes = packages_->find(prepared.package);
    const auto layer_bytes = version.layers.empty() ? std::optional<std::uint64_t>(0) : layers_->find(prepared.layers);
    if (!package_bytes || !layer_bytes || *package_bytes + *layer_bytes > kUnzippedMax) return std::nullopt;
    return prepared;
  }

 private:
  Result<> unpack_layers(const std::vector<LayerReference>& layers, const std::string& folder) {
    std::uint64_t left = kUnzippedMax;
    for (const auto& layer : layers) {
      WICK_TRY(const auto zip, blobs_.get(layer.code));
      WICK_TRY(const auto bytes, unpack_zip(zip, folder, left));
      left -= bytes;
    }
    return {};
  }

  blob::Store& blobs_;
  const std::unique_ptr<ContentFolders> packages_;
  const std::unique_ptr<ContentFolders> layers_;
};

Packages::Packages(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Packages::~Packages() = default;

Result<std::unique_ptr<Packages>> Packages::open(const std::string& data_directory, blob::Store& blobs) {
  WICK_TRY(auto packages, ContentFolders::open(data_directory + "/packages"));
  WICK_TRY(auto layers, ContentFolders::open(data_directory + "/layers"));
  return std::unique_ptr<Packages>(new Packages(std::make_unique<Impl>(blobs, std::move(packages), std::move(layers))));
}

Result<Prepared> Packages::prepare(const Version& version) { return impl_->prepare(version); }
std::optional<Prepared> Packages::find(const Version& version) { return impl_->find(version); }

}  // namespace wick::function
