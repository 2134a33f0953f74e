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

std::string package_folder(const Version& version) { return version.code.str(); }
std::string layers_folder(const Version& version) { return version.layers.empty() ? std::string() : hash_of(version.layers); }

class Packages::Impl {
 public:
  Impl(blob::Store& blobs, std::unique_ptr<ContentFolders> packages, std::unique_ptr<ContentFolders> layers)
      : blobs_(blobs), packages_(std::move(packages)), layers_(std::move(layers)) {}

  Result<Prepared> prepare(const Version& version) {
    WICK_CHECK(blob::parse_id(version.code.str()));  // becomes a folder name
    Prepared prepared{.package = package_folder(version), .layers = layers_folder(version)};
    WICK_TRY(auto package, packages_->ensure(prepared.package, [&](const std::string& folder) -> Result<> {
      WICK_TRY(const auto zip, blobs_.get(version.code));
      WICK_CHECK(unpack_zip(zip, folder, kUnzippedMax));
      return {};
    }));
    prepared.package_hold = std::move(package.hold);
    if (version.layers.empty()) return prepared;

    WICK_TRY(auto layers, layers_->ensure(prepared.layers, [&](const std::string& folder) { return unpack_layers(version.layers, folder); }));
    prepared.layers_hold = std::move(layers.hold);
    if (const auto bytes = package.bytes + layers.bytes; bytes > kUnzippedMax) {
      return fail(Errc::too_large, fmt::format("Function code combined with layers exceeds the maximum allowed size of {} bytes. "
                                               "The actual size is {} bytes.",
                                               kUnzippedMax, bytes));
    }
    return prepared;
  }

  std::optional<Prepared> find(const Version& version) {
    Prepared prepared{.package = package_folder(version), .layers = layers_folder(version)};
    auto package = packages_->find(prepared.package);
    auto layers = version.layers.empty() ? std::optional(ContentFolders::Content()) : layers_->find(prepared.layers);
    if (!package || !layers || package->bytes + layers->bytes > kUnzippedMax) return std::nullopt;
    prepared.package_hold = std::move(package->hold);
    prepared.layers_hold = std::move(layers->hold);
    return prepared;
  }

  Result<std::size_t> sweep(const std::set<std::string>& packages, const std::set<std::string>& layers, const std::stop_token& stop) {
    const auto swept = packages_->sweep(packages, stop);
    const auto swept_layers = layers_->sweep(layers, stop);  // whatever became of the other
    if (!swept) return swept;
    if (!swept_layers) return swept_layers;
    return *swept + *swept_layers;
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
Result<std::size_t> Packages::sweep(const std::set<std::string>& packages, const std::set<std::string>& layers, std::stop_token stop) {
  return impl_->sweep(packages, layers, stop);
}

}  // namespace wick::function
